#pragma once
// Entry point of a plugin: a shared object in a folder of `plugin.path`. It exports one C symbol
// that hands out a table of its classes; the worker refuses it, with a message that names both
// sides, unless the ABI stamp is exactly its own. Loaded with RTLD_NOW | RTLD_LOCAL, never closed.
//
//   #include <millrace/plugin.h>
//   MILLRACE_PLUGIN(plugins) {
//     plugins.connector<FileStreamSourceConnector>(
//         {"org.apache.kafka.connect.file.FileStreamSourceConnector", "4.1.1"});
//   }

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/abi_hash.h"
#include "millrace/connector.h"
#include "millrace/converter.h"
#include "millrace/transformation.h"

namespace millrace {

/// Compiler, standard library and a hash of the public headers. Two builds whose stamps are equal
/// agree on every layout.
#define MILLRACE_STRINGIFY_(x) #x
#define MILLRACE_STRINGIFY(x) MILLRACE_STRINGIFY_(x)
#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ABI_SANITIZER "+asan"
#elif defined(__SANITIZE_THREAD__)
#define MILLRACE_ABI_SANITIZER "+tsan"
#else
#define MILLRACE_ABI_SANITIZER ""
#endif
#define MILLRACE_ABI_STAMP                                                       \
  "millrace-1;gcc" MILLRACE_STRINGIFY(__GNUC__) ";libstdc++" MILLRACE_STRINGIFY( \
      _GLIBCXX_USE_CXX11_ABI) ";headers=" MILLRACE_HEADER_HASH MILLRACE_ABI_SANITIZER

enum class PluginKind : uint8_t {
  Sink,
  Source,
  Transformation,
  Predicate,
  Converter,
  HeaderConverter
};
std::string_view plugin_kind_name(PluginKind kind) noexcept;  // sink, source, transformation, ...

/// One class a plugin offers. Exactly one of the factories is set, by `kind`.
struct PluginClass {
  PluginKind kind = PluginKind::Sink;
  std::string class_name;  // Java name users write, `$` for nested classes
  std::string version;     // empty: undefined
  ConfigDefinition config;
  std::function<std::unique_ptr<Connector>()> connector;
  std::function<std::unique_ptr<Converter>()> converter;
  std::function<std::unique_ptr<HeaderConverter>()> header_converter;
  std::function<std::unique_ptr<Transformation>()> transformation;
  std::function<std::unique_ptr<Predicate>()> predicate;
};

struct PluginName {
  std::string class_name;
  std::string version = {};
};

/// Filled by a plugin's entry point.
class PluginTable {
 public:
  /// `C` has a static `const ConfigDefinition& definition()`.
  template <class C>
  void connector(PluginName name) {
    constexpr bool is_source = std::is_base_of_v<SourceConnector, C>;
    PluginClass& p = add(is_source ? PluginKind::Source : PluginKind::Sink, std::move(name));
    p.config = C::definition();
    p.connector = [] { return std::make_unique<C>(); };
  }
  template <class C>
  void converter(PluginName name) {
    PluginClass& p = add(PluginKind::Converter, std::move(name));
    p.config = C::definition();
    p.converter = [] { return std::make_unique<C>(); };
  }
  template <class C>
  void header_converter(PluginName name) {
    PluginClass& p = add(PluginKind::HeaderConverter, std::move(name));
    p.config = C::definition();
    p.header_converter = [] { return std::make_unique<C>(); };
  }
  template <class C>
  void transformation(PluginName name) {
    PluginClass& p = add(PluginKind::Transformation, std::move(name));
    p.config = C::definition();
    p.transformation = [] { return std::make_unique<C>(); };
  }
  template <class C>
  void predicate(PluginName name) {
    PluginClass& p = add(PluginKind::Predicate, std::move(name));
    p.config = C::definition();
    p.predicate = [] { return std::make_unique<C>(); };
  }
  const std::vector<PluginClass>& classes() const noexcept { return classes_; }

 private:
  PluginClass& add(PluginKind kind, PluginName name) {
    PluginClass& p = classes_.emplace_back();
    p.kind = kind;
    p.class_name = std::move(name.class_name);
    p.version = std::move(name.version);
    return p;
  }
  std::vector<PluginClass> classes_;
};

/// What the entry symbol returns. OWNERSHIP: static storage of the plugin.
struct PluginEntry {
  const char* abi_stamp;
  void (*describe)(PluginTable& table);
};

inline constexpr const char* kPluginEntrySymbol = "millrace_plugin_entry";

}  // namespace millrace

/// Defines the entry symbol of a plugin; the body fills `table`.
#define MILLRACE_PLUGIN(table)                                                                \
  static void millrace_describe_plugin(::millrace::PluginTable& table);                       \
  extern "C" __attribute__((visibility("default"))) const ::millrace::PluginEntry*            \
  millrace_plugin_entry() {                                                                   \
    static const ::millrace::PluginEntry entry{MILLRACE_ABI_STAMP, millrace_describe_plugin}; \
    return &entry;                                                                            \
  }                                                                                           \
  static void millrace_describe_plugin(::millrace::PluginTable& table)
