// Class names, aliases and suggestions.

#include "runtime/plugins/plugin_version.h"
#include "tests/unit/plugins/plugin_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;
using namespace test_plugin;

class NamesTest : public PluginFixture {
 protected:
  NamesTest() {
    PluginTable table;
    table.connector<NoSource>({"org.apache.kafka.connect.file.FileStreamSourceConnector", "4.1.1"});
    table.connector<NoSink>({"org.apache.kafka.connect.file.FileStreamSinkConnector", "4.1.1"});
    table.converter<NoConverter>({"org.apache.kafka.connect.json.JsonConverter"});
    table.header_converter<NoHeaderConverter>({"org.apache.kafka.connect.json.JsonConverter"});
    table.header_converter<NoHeaderConverter>(
        {"org.apache.kafka.connect.storage.SimpleHeaderConverter"});
    for (const char* name : {"HoistField$Key", "HoistField$Value", "MaskField$Value", "Filter"}) {
      table.transformation<NoTransformation>(
          {"org.apache.kafka.connect.transforms." + std::string(name)});
    }
    registry_.add(table, "test");
  }
  std::string connector(std::string_view name) const {
    return class_of(registry_.find_connector(name));
  }
  std::string find(PluginKind kind, std::string_view name) const {
    return class_of(registry_.find(kind, name));
  }
};

TEST_F(NamesTest, ConnectorsByEveryName) {
  const std::string source = "org.apache.kafka.connect.file.FileStreamSourceConnector";
  EXPECT_EQ(connector(source), source);
  EXPECT_EQ(connector("FileStreamSourceConnector"), source);
  EXPECT_EQ(connector("FileStreamSource"), source);
  EXPECT_EQ(connector("FileStreamSink"), "org.apache.kafka.connect.file.FileStreamSinkConnector");
  for (const char* unknown :
       {"", "FileStream", "filestreamsource", "file.FileStreamSource", "FileStreamSource "}) {
    EXPECT_EQ(connector(unknown), "none") << unknown;
  }
}

TEST_F(NamesTest, ConvertersByEveryName) {
  const std::string json = "org.apache.kafka.connect.json.JsonConverter";
  for (const std::string& name : {json, std::string("JsonConverter"), std::string("Json")}) {
    EXPECT_EQ(find(PluginKind::Converter, name), json);
    EXPECT_EQ(find(PluginKind::HeaderConverter, name), json);
  }
  EXPECT_EQ(find(PluginKind::HeaderConverter, "Simple"),
            "org.apache.kafka.connect.storage.SimpleHeaderConverter");
  EXPECT_EQ(find(PluginKind::Converter, "FileStreamSource"), "none");
}

TEST_F(NamesTest, NestedClassesByTheirFullName) {
  const std::string value = "org.apache.kafka.connect.transforms.HoistField$Value";
  EXPECT_EQ(find(PluginKind::Transformation, value), value);
  EXPECT_EQ(find(PluginKind::Transformation, "HoistField$Value"), "none");
  EXPECT_EQ(find(PluginKind::Transformation, "Value"), "none") << "two classes have this name";
  EXPECT_EQ(find(PluginKind::Transformation, "Key"),
            "org.apache.kafka.connect.transforms.HoistField$Key")
      << "one class has it, as in Java";
  EXPECT_EQ(find(PluginKind::Transformation, "Filter"),
            "org.apache.kafka.connect.transforms.Filter");
}

TEST_F(NamesTest, PrunedNamesAreThoseOfJava) {
  EXPECT_EQ(pruned_name(PluginKind::Source, "a.b.MyConnector"), "My");
  EXPECT_EQ(pruned_name(PluginKind::Sink, "a.b.MyConnectorV2"), "My");
  EXPECT_EQ(pruned_name(PluginKind::Sink, "Connector"), "Connector");
  EXPECT_EQ(pruned_name(PluginKind::Sink, "a.ConnectorConnector"), "Connector");
  EXPECT_EQ(pruned_name(PluginKind::Transformation, "a.Cast$Value"), "Value");
  EXPECT_EQ(pruned_name(PluginKind::HeaderConverter, "a.SimpleHeaderConverter"), "Simple");
  EXPECT_EQ(simple_name("NoPackage"), "NoPackage");
}

TEST_F(NamesTest, AnAliasOfTwoConnectorsNamesBoth) {
  PluginTable table;
  table.connector<NoSource>({"org.other.FileStreamSourceConnector"});
  table.connector<NoSink>({"org.other.FileStreamSource"});
  registry_.add(table, "test");
  EXPECT_EQ(error_of([this] { connector("FileStreamSource"); }),
            "More than one connector matches alias FileStreamSource. Please use full package and "
            "class name instead. Classes found: PluginDesc{klass=class "
            "org.other.FileStreamSource, name='org.other.FileStreamSource', version='undefined', "
            "encodedVersion=undefined, type=sink, typeName='sink'}, PluginDesc{klass=class "
            "org.apache.kafka.connect.file.FileStreamSourceConnector, "
            "name='org.apache.kafka.connect.file.FileStreamSourceConnector', version='4.1.1', "
            "encodedVersion=4.1.1, type=source, typeName='source'}, PluginDesc{klass=class "
            "org.other.FileStreamSourceConnector, name='org.other.FileStreamSourceConnector', "
            "version='undefined', encodedVersion=undefined, type=source, typeName='source'}");
  EXPECT_EQ(connector("org.other.FileStreamSource"), "org.other.FileStreamSource");
  EXPECT_EQ(connector("FileStreamSink"), "org.apache.kafka.connect.file.FileStreamSinkConnector");
}

TEST_F(NamesTest, AnUnknownConnectorNamesAllAndTheNearest) {
  const auto message = [this](std::string_view name) {
    return error_of([&] { require_connector(registry_, name); });
  };
  EXPECT_THAT(message("FileStreamSnik"),
              StartsWith("Failed to find any class that implements Connector and which name "
                         "matches FileStreamSnik, available connectors are: PluginDesc{klass=class "
                         "org.apache.kafka.connect.file.FileStreamSinkConnector, "));
  EXPECT_THAT(message("FileStreamSnik"),
              EndsWith("typeName='source'}; did you mean "
                       "org.apache.kafka.connect.file.FileStreamSinkConnector?"));
  EXPECT_THAT(message("org.wrong.FileStreamSorceConnector"),
              EndsWith("; did you mean org.apache.kafka.connect.file.FileStreamSourceConnector or "
                       "org.apache.kafka.connect.file.FileStreamSinkConnector?"));
  EXPECT_THAT(message("Nothing"), EndsWith("typeName='source'}"));
  EXPECT_EQ(require_connector(registry_, "FileStreamSink").kind, PluginKind::Sink);
}

TEST_F(NamesTest, AnUnknownPluginNamesTheNearest) {
  EXPECT_EQ(error_of([this] { require_plugin(registry_, PluginKind::Converter, "JsonConvertor"); }),
            "Class JsonConvertor could not be found. Did you mean "
            "org.apache.kafka.connect.json.JsonConverter?");
  EXPECT_EQ(error_of([this] { require_plugin(registry_, PluginKind::Converter, "org.x.Avro"); }),
            "Class org.x.Avro could not be found.");
  EXPECT_THROW(require_plugin(registry_, PluginKind::Predicate, ""), ConfigException);
  EXPECT_EQ(require_plugin(registry_, PluginKind::Converter, "Json").class_name,
            "org.apache.kafka.connect.json.JsonConverter");
}

TEST_F(NamesTest, SuggestionsAreLimitedAndBestFirst) {
  PluginTable table;
  for (const char* name : {"a.Filters", "a.Filler", "a.Fitter"}) {
    table.transformation<NoTransformation>({name});
  }
  registry_.add(table, "test");
  const auto near = registry_.nearest(PluginKind::Transformation, "Filtr", 2);
  EXPECT_THAT(near, ElementsAre("org.apache.kafka.connect.transforms.Filter",
                                testing::AnyOf("a.Filters", "a.Fitter", "a.Filler")));
  EXPECT_THAT(registry_.nearest(PluginKind::Predicate, "x", 3), IsEmpty());
  EXPECT_THAT(registry_.nearest(PluginKind::Transformation, "Filter", 0), IsEmpty());
}

TEST_F(NamesTest, ClassesWithoutANameAreIgnored) {
  PluginTable table;
  table.connector<NoSource>({""});
  table.connector<NoSource>({"org.x.FineSourceConnector"});
  registry_.add(table, "here");
  EXPECT_THAT(CapturedLog::lines(), ElementsAre("Ignoring a class without a name from here"));
  EXPECT_EQ(connector("FineSource"), "org.x.FineSourceConnector");
}

TEST_F(NamesTest, AllAreSortedByKindAndName) {
  const auto names = class_names();
  ASSERT_EQ(names.size(), 9U);
  EXPECT_EQ(names.front(), "org.apache.kafka.connect.file.FileStreamSinkConnector");
  EXPECT_EQ(names[1], "org.apache.kafka.connect.file.FileStreamSourceConnector");
  EXPECT_EQ(names.back(), "org.apache.kafka.connect.storage.SimpleHeaderConverter");
}

TEST(PluginVersionTest, MavenOrder) {
  const char* ascending[] = {"",     "1.0-SNAPSHOT", "1.0",   "1.0.1", "1.9",
                             "1.10", "2.0-a",        "2.0-b", "2.0",   "10.0"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      const int order = compare_versions(ascending[i], ascending[j]);
      EXPECT_EQ((order > 0) - (order < 0), (i > j) - (i < j))
          << ascending[i] << " " << ascending[j];
    }
  }
  EXPECT_EQ(compare_versions("1", "1.0.0"), 0);
}

}  // namespace
}  // namespace millrace
