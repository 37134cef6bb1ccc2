#include "runtime/rest/entities.h"
#include "runtime/rest/request_bodies.h"
#include "runtime/rest/resources.h"

namespace millrace::rest {
namespace {

using Offsets = std::vector<JsonPartitionOffset>;

void get(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  run_operation<Offsets>(
      context, request, std::move(respond),
      [&](Callback<Offsets> done) {
        context.herder.connector_offsets(request.parameters[0], std::move(done));
      },
      [](const Offsets& offsets) { return json_response(200, to_json(offsets)); });
}

/// `offsets` empty optional: reset all.
void change(const ResourceContext& context, const RouteRequest& request, Respond respond,
            std::optional<Offsets> offsets) {
  run_operation<std::string>(
      context, request, std::move(respond),
      [&](Callback<std::string> done) {
        context.herder.alter_connector_offsets(request.parameters[0], std::move(offsets),
                                               std::move(done));
      },
      [](const std::string& message) {
        JsonWriter json;
        json.begin_object().key("message").string(message).end_object();
        return json_response(200, json.take());
      });
}

void alter(const ResourceContext& context, const RouteRequest& request, Respond respond) {
  Offsets offsets = read_offsets(request.http.body);
  if (offsets.empty()) {
    throw RequestException(400,
                           "Partitions / offsets need to be provided for an alter offsets request");
  }
  change(context, request, std::move(respond), std::move(offsets));
}

}  // namespace

void add_connector_offsets(Router& router, const ResourceContext& context) {
  constexpr std::string_view kOffsets = "/connectors/{}/offsets";
  router.add("GET", kOffsets, Media::Json, [context](const auto& request, auto respond) {
    get(context, request, std::move(respond));
  });
  router.add("PATCH", kOffsets, Media::JsonBody, [context](const auto& request, auto respond) {
    alter(context, request, std::move(respond));
  });
  router.add("DELETE", kOffsets, Media::Json, [context](const auto& request, auto respond) {
    change(context, request, std::move(respond), std::nullopt);
  });
}

}  // namespace millrace::rest
