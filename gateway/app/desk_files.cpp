#include "app/desk_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

namespace ferrule {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Changes to one file, by place; made from the end backwards, so that the places stay right.
class Rewrite {
 public:
  explicit Rewrite(std::string text) : text_(std::move(text)) {}

  // False: there is no such place.
  bool replace_scalar(Mark mark, const std::string& value) {
    const auto at = offset(mark);
    if (!at) return false;
    changes_[*at] = {scalar_size(*at), value};
    return true;
  }

  // `entry` becomes the first of the map at `mark`: "port: 502".
  bool add_to_map(Mark mark, const std::string& entry) {
    const auto at = offset(mark);
    if (!at) return false;
    if (text_[*at] == '{') {
      changes_[*at] = {1, "{ " + entry + ","};
    } else {
      changes_[*at] = {0, entry + "\n" + std::string(mark.column - 1u, ' ')};
    }
    return true;
  }

  std::string made() const {
    std::string text = text_;
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      text.replace(change->first, change->second.size, change->second.text);
    }
    return text;
  }

 private:
  struct Change {
    size_t size;
    std::string text;
  };

  std::optional<size_t> offset(Mark mark) const {
    size_t line = 1, at = 0;
    for (; line < mark.line; ++line) {
      at = text_.find('\n', at);
      if (at == std::string::npos) return std::nullopt;
      ++at;
    }
    at += mark.column - 1u;
    return mark.line != 0 && at < text_.size() ? std::optional(at) : std::nullopt;
  }

  size_t scalar_size(size_t at) const {
    const char quote = text_[at];
    if (quote == '"' || quote == '\'') {
      const size_t close = text_.find(quote, at + 1);
      return (close == std::string::npos ? text_.size() : close + 1) - at;
    }
    size_t end = std::min(text_.find_first_of(",}]\r\n", at), text_.size());
    end = std::min(end, text_.find(" #", at));
    while (end > at && text_[end - 1] == ' ') --end;
    return end - at;
  }

  std::string text_;
  std::map<size_t, Change> changes_;
};

bool is_local(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

bool redirect(Rewrite& rewrite, const DeskChannel& desk) {
  if (const Fields* serial = desk.channel->fields.object("serial")) {
    return rewrite.replace_scalar(serial->mark("port"), desk.line);
  }
  const Fields* tcp = desk.channel->fields.object("tcp");
  if (tcp == nullptr || !rewrite.replace_scalar(tcp->mark("host"), "127.0.0.1")) return false;
  const std::string port = std::to_string(desk.port);
  return tcp->has("port") ? rewrite.replace_scalar(tcp->mark("port"), port) : rewrite.add_to_map(tcp->mark(), "port: " + port);
}

std::string place(const Loaded& loaded, Mark mark, const std::string& what) { return format({mark, what}, loaded.files); }

Status write_file(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  return out ? Status() : Status(Fault::io, path.string() + ": cannot be written");
}

// The files of the configuration itself, not its profiles.
bool is_configuration(const Loaded& loaded, size_t file) {
  const fs::path main = loaded.files.front();
  return file == 0 || fs::path(loaded.files[file]).parent_path() == main.parent_path() / "conf.d";
}

}  // namespace

Status write_desk_files(const Loaded& loaded, const std::vector<DeskChannel>& channels, const std::string& folder) {
  std::map<size_t, Rewrite> files;
  for (size_t file = 0; file < loaded.files.size(); ++file) {
    if (!is_configuration(loaded, file)) continue;
    auto text = text_of_file(loaded.files[file]);
    if (!text) return {Fault::io, loaded.files[file] + ": cannot be read"};
    files.emplace(file, Rewrite(std::move(*text)));
  }
  for (const DeskChannel& desk : channels) {
    const auto file = files.find(desk.channel->mark.file);
    if (file == files.end() || !redirect(file->second, desk)) {
      return {Fault::invalid, place(loaded, desk.channel->mark, "the channel " + desk.channel->name + " cannot be redirected")};
    }
  }
  for (const UplinkSettings& uplink : loaded.settings.uplinks) {
    if (is_local(uplink.mqtt.host)) continue;
    const auto file = files.find(uplink.mark.file);
    if (file == files.end() || !file->second.add_to_map(uplink.mark, "enabled: false")) {
      return {Fault::invalid, place(loaded, uplink.mark, "the uplink " + uplink.name + " cannot be taken out of service")};
    }
  }
  for (const auto& [file, rewrite] : files) {
    const fs::path name = file == 0 ? fs::path("ferrule.yaml") : fs::path("conf.d") / fs::path(loaded.files[file]).filename();
    if (Status status = write_file(fs::path(folder) / name, rewrite.made()); !status.ok()) return status;
  }
  return {};
}

}  // namespace ferrule
