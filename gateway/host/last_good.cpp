#include "host/last_good.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

namespace ferrule {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFolder = "last-good";
constexpr std::string_view kMainFile = "ferrule.yaml";

// Where a file that was read belongs in the copy.
fs::path place_of(const fs::path& file, const Folders& folders) {
  const fs::path main(folders.config_file);
  if (file == main) return kMainFile;
  if (file.parent_path() == main.parent_path() / "conf.d") return fs::path("conf.d") / file.filename();
  auto profiles = folders.profiles;
  profiles.push_back(main.parent_path() / "profiles");
  profiles.push_back("/usr/share/ferrule/profiles");
  for (const std::string& directory : profiles) {
    const fs::path inside = file.lexically_relative(directory);
    if (!inside.empty() && *inside.begin() != "..") return fs::path("profiles") / inside;
  }
  return fs::path("profiles") / file.filename();
}

void sync_path(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);  // best effort: without it a power cut may keep the older copy
  close(fd);
}

}  // namespace

Status keep_last_good(const Folders& folders, const Loaded& loaded) {
  const fs::path kept = fs::path(folders.state) / kFolder;
  if (fs::path(folders.config_file) == kept / kMainFile) return {};
  const fs::path fresh = fs::path(folders.state) / (std::string(kFolder) + ".new");
  const fs::path old = fs::path(folders.state) / (std::string(kFolder) + ".old");
  try {
    fs::remove_all(fresh);
    fs::remove_all(old);
    fs::create_directories(fresh);
    for (const std::string& file : loaded.files) {
      const fs::path to = fresh / place_of(file, folders);
      fs::create_directories(to.parent_path());
      fs::copy_file(file, to, fs::copy_options::overwrite_existing);
      sync_path(to);
    }
    if (fs::exists(kept)) fs::rename(kept, old);
    fs::rename(fresh, kept);
    sync_path(folders.state);
    fs::remove_all(old);
  } catch (const fs::filesystem_error& error) {
    return {Fault::io, std::string("cannot keep a copy of the configuration: ") + error.what()};
  }
  return {};
}

Result<Folders> last_good(const Folders& folders) {
  for (const std::string_view name : {std::string_view("last-good"), std::string_view("last-good.old")}) {
    const fs::path kept = fs::path(folders.state) / name;
    std::error_code ignored;
    if (!fs::exists(kept / kMainFile, ignored)) continue;
    Folders copy = folders;
    copy.config_file = kept / kMainFile;
    copy.profiles.insert(copy.profiles.begin(), kept / "profiles");
    return copy;
  }
  return {Fault::not_found, "no last good configuration is kept in " + folders.state};
}

}  // namespace ferrule
