#include <gtest/gtest.h>

#include <cstdlib>

#include "config/tables.h"
#include "tests/unit/config/loading.h"

namespace ferrule {

using namespace config;

namespace {

// Python's jsonschema judges the schema, and with it every right case.
constexpr std::string_view kJudge = R"(
import json, sys, yaml, jsonschema
class Loader(yaml.SafeLoader): pass
Loader.add_constructor('!secret', lambda loader, node: node.value)
# As the JSON Schema of an editor sees it: YAML 1.2 words.
Loader.yaml_implicit_resolvers = {k: [(t, r) for t, r in v if t != 'tag:yaml.org,2002:bool'] for k, v in Loader.yaml_implicit_resolvers.items()}
import re
Loader.add_implicit_resolver('tag:yaml.org,2002:bool', re.compile('^(true|false)$'), list('tf'))
def text_keys(x):
    if isinstance(x, dict): return {str(k): text_keys(v) for k, v in x.items()}
    return [text_keys(v) for v in x] if isinstance(x, list) else x
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failed = 0
for path in sys.argv[2:]:
    wrong = path.startswith('-')
    document = yaml.load(open(path.lstrip('-'), encoding='utf-8-sig'), Loader) or {}
    errors = [e.message[:300] for e in validator.iter_errors(text_keys(document))]
    if bool(errors) != wrong:
        failed = 1
        print(path, errors)
sys.exit(failed)
)";

TEST(Schema, takes_the_right_cases_and_refuses_an_unknown_key) {
  const Folder folder;
  folder.write("judge.py", kJudge);
  folder.write("schema.json", json_schema(fakes::catalogue()));
  folder.write("wrong.yaml", "gatway: { id: x }\n");
  folder.write(
      "wrong_tag.yaml",
      "channels: [{ name: a, driver: modbus, tcp: { host: h }, devices: [{ name: d, tags: [{ name: t, scal: 1 }] }] }]\n");
  std::string command = std::string(FERRULE_PYTHON) + " " + folder.path("judge.py") + " " + folder.path("schema.json") + " -" +
                        folder.path("wrong.yaml") + " -" + folder.path("wrong_tag.yaml");
  for (const auto& entry : std::filesystem::directory_iterator(std::string(FERRULE_SOURCE_DIR) + "/tests/cases/config/right")) {
    if (entry.path().extension() == ".yaml") command += " " + entry.path().string();
  }
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT: a test
}

TEST(Schema, a_readme_table_has_a_row_for_each_field_and_those_inside) {
  const std::string table = field_table(fakes::kChannelFields);
  EXPECT_NE(table.find("| `tcp.port` | whole number, 1 to 65535 | `502` | TCP port. |\n"), std::string::npos) << table;
  EXPECT_NE(table.find("| `serial.parity` | one of `none`, `even`, `odd` | `even` |"), std::string::npos) << table;
  EXPECT_NE(table.find("| `tcp.host` | text | required |"), std::string::npos) << table;
}

TEST(Schema, defaults_and_examples_of_our_own_tables_are_what_a_user_may_write) {
  for (const auto table : {tables::kGateway, tables::kChannel, tables::kDevice, tables::kTag, tables::kRule, tables::kUplink,
                           tables::kOutbox, tables::kRest, tables::kLog}) {
    for (const FieldSpec& spec : table) {
      EXPECT_FALSE(spec.help.empty()) << spec.name;
      if (spec.check == nullptr) continue;
      EXPECT_TRUE(spec.initial.empty() || spec.check(spec.initial)) << spec.name;
      std::string example(spec.example);
      if (example.starts_with('"')) example = example.substr(1, example.size() - 2);
      EXPECT_TRUE(example.empty() || spec.kind != FieldKind::text || spec.check(example)) << spec.name;
    }
  }
}

}  // namespace

}  // namespace ferrule
