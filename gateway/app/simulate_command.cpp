#include "app/simulate_command.h"

#include <signal.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "app/builtin_types.h"
#include "app/desk_files.h"
#include "app/desk_plant.h"
#include "config/config.h"
#include "simulator/plant.h"
#include "simulator/plant_server.h"

namespace ferrule {

namespace {

std::string all_of(const Complaints& complaints, const std::vector<std::string>& files) {
  std::string all;
  for (const Complaint& complaint : complaints) all += format(complaint, files) + "\n";
  return all;
}

Result<std::unique_ptr<Plant>> load_plant(const std::string& file) {
  LoadedFields loaded = load_fields(file, kPlantFields);
  if (loaded.complaints.empty()) {
    auto plant = Plant::build(loaded.fields, loaded.complaints);
    if (plant) return plant;
  }
  return Status(Fault::invalid, all_of(loaded.complaints, loaded.files));
}

int wrong(const std::string& what) {
  std::fprintf(stderr, "%s%s", what.c_str(), what.ends_with('\n') ? "" : "\n");
  return 1;
}

// The channels of a plant made by desk_plant(), with where its endpoints are.
std::vector<DeskChannel> desk_channels(const DeskPlant& desk, const PlantServer& server, const std::string& folder) {
  std::vector<DeskChannel> channels;
  for (size_t i = 0; i < desk.channels.size(); ++i) {
    channels.push_back({desk.channels[i], server.ports()[i], desk_line(folder, *desk.channels[i])});
  }
  return channels;
}

void print_desk(const DeskPlant& desk, const PlantServer& server, const std::string& folder, const Folders& folders,
                std::FILE* out) {
  const std::vector<std::string> texts = server.endpoint_texts();
  for (size_t i = 0; i < texts.size(); ++i) {
    std::fprintf(out, "channel %s %s\n", desk.channels[i]->name.c_str(), texts[i].c_str());
  }
  for (const std::string& name : desk.left_out) std::fprintf(out, "channel %s is no Modbus: not simulated\n", name.c_str());
  std::string profiles;
  for (const std::string& directory : folders.profiles) {
    profiles += " --profiles " + std::filesystem::absolute(directory).string();
  }
  const auto beside = std::filesystem::path(folders.config_file).parent_path() / "profiles";
  if (std::filesystem::exists(beside)) profiles += " --profiles " + std::filesystem::absolute(beside).string();
  std::fprintf(out, "ferrule run --config %s/ferrule.yaml --state %s/state --runtime %s/run%s\n", folder.c_str(), folder.c_str(),
               folder.c_str(), profiles.c_str());
  std::fflush(out);
}

// Blocks the two signals for every thread that is started later, so that only wait() takes them.
class EndSignals {
 public:
  EndSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  void wait(std::optional<Duration> run_for) const {
    if (!run_for) {
      int signal = 0;
      while (::sigwait(&signals_, &signal) != 0) continue;
      return;
    }
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*run_for);
    const timespec limit{whole.count(), (*run_for - whole).count()};
    while (::sigtimedwait(&signals_, nullptr, &limit) < 0 && errno == EINTR) continue;
  }

 private:
  sigset_t signals_{};
};

}  // namespace

int simulate(const std::string& file, std::optional<Duration> run_for, std::FILE* out) {
  const EndSignals end;
  const auto plant = load_plant(file);
  if (!plant) return wrong(plant.status().what());
  const SystemClock clock;
  PlantServer server(**plant, clock);
  if (const auto status = server.start(); !status) return wrong(status.what());
  for (const std::string& text : server.endpoint_texts()) std::fprintf(out, "%s\n", text.c_str());
  std::fflush(out);
  end.wait(run_for);
  server.stop();
  return 0;
}

int simulate_from(const Folders& folders, const std::string& desk_folder, std::optional<Duration> run_for, std::FILE* out) {
  const EndSignals end;
  const SystemClock clock;
  Names names;
  const Loaded loaded = load_checked(folders, builtin_types(), clock, names, Secrets::unread);
  if (!loaded.ok()) return wrong(format_all(loaded));
  std::error_code error;
  for (const char* folder : {"/state", "/run"}) std::filesystem::create_directories(desk_folder + folder, error);
  const DeskPlant desk = desk_plant(loaded.settings, desk_folder);
  if (desk.channels.empty()) return wrong(folders.config_file + " has no Modbus channel: there is nothing to simulate");
  Complaints complaints;
  const auto plant = Plant::build(desk.fields, complaints);
  if (!plant) return wrong(all_of(complaints, loaded.files));
  PlantServer server(**plant, clock);
  if (const auto status = server.start(); !status) return wrong(status.what());
  const auto written = write_desk_files(loaded, desk_channels(desk, server, desk_folder), desk_folder);
  if (!written) return wrong(written.what());
  print_desk(desk, server, desk_folder, folders, out);
  end.wait(run_for);
  server.stop();
  return 0;
}

}  // namespace ferrule
