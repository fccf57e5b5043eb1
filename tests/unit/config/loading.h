// Files in a directory of their own, and loads of them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "config/config.h"
#include "tests/unit/config/fake_driver.h"

namespace ferrule {

class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "ferrule-config-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name = {}) const { return name.empty() ? path_.string() : (path_ / name).string(); }
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string without(std::string text, const std::string& part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) text.erase(at, part.size());
  return text;
}

// Loads `folder`/ferrule.yaml with the profiles and secrets beside it.
class Loading {
 public:
  explicit Loading(const std::string& folder) : folder_(folder) {
    options.file = folder + "/ferrule.yaml";
    options.profile_directories = {folder + "/profiles"};
    options.secret_directory = folder + "/secrets";
  }
  Loaded load() { return ferrule::load(options, fakes::catalogue(), names); }
  // Every complaint, a line each, with paths relative to the folder.
  std::string complaints() { return without(format_all(load()), folder_ + "/"); }

  LoadOptions options;
  Names names;

 private:
  std::string folder_;
};

// One file, one load.
struct LoadedText {
  explicit LoadedText(std::string_view yaml) : loading(folder.path()) {
    folder.write("ferrule.yaml", yaml);
    loaded = loading.load();
    complaints = without(format_all(loaded), folder.path() + "/");
  }
  Folder folder;
  Loading loading;
  Loaded loaded;
  std::string complaints;
};

}  // namespace ferrule
