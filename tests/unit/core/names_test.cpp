#include "core/names.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ferrule {
namespace {

TEST(Names, the_same_name_has_the_same_id) {
  Names names;
  const DeviceId boiler = names.device("boiler");
  const DeviceId pump = names.device("pump");
  EXPECT_NE(boiler, pump);
  EXPECT_EQ(names.device("boiler"), boiler);
  const TagId temperature = names.tag(boiler, "temperature");
  EXPECT_EQ(names.tag(boiler, "temperature"), temperature);
  EXPECT_NE(names.tag(pump, "temperature"), temperature);
  EXPECT_EQ(names.device_count(), 2u);
  EXPECT_EQ(names.tag_count(), 2u);
}

TEST(Names, an_id_leads_back_to_its_name) {
  Names names;
  const DeviceId boiler = names.device("boiler");
  const TagId temperature = names.tag(boiler, "temperature");
  EXPECT_EQ(names.name(boiler), "boiler");
  EXPECT_EQ(names.name(temperature), "temperature");
  EXPECT_EQ(names.full_name(temperature), "boiler.temperature");
  EXPECT_EQ(names.device_of(temperature), boiler);
}

TEST(Names, finding_adds_nothing) {
  Names names;
  const TagId tag = names.tag(names.device("boiler"), "temperature");
  EXPECT_EQ(names.find_tag("boiler", "temperature"), tag);
  EXPECT_EQ(names.find_tag("boiler.temperature"), tag);
  EXPECT_EQ(names.find_device("boiler"), names.device_of(tag));
  for (const std::string_view unknown :
       {"", ".", "boiler", "boiler.", ".temperature", "boiler.temp", "pump.temperature", "boiler.temperature."})
    EXPECT_FALSE(names.find_tag(unknown)) << unknown;
  EXPECT_FALSE(names.find_device("temperature")) << "a tag is no device";
  EXPECT_EQ(names.tag_count(), 1u);
  EXPECT_EQ(names.device_count(), 1u);
}

TEST(Names, ten_thousand_names_are_all_found_and_no_other) {
  Names names;
  for (int d = 0; d < 100; ++d) {
    const DeviceId device = names.device("d" + std::to_string(d));
    for (int t = 0; t < 100; ++t) names.tag(device, "t" + std::to_string(t));
  }
  EXPECT_EQ(names.tag_count(), 10000u);
  for (int d = 0; d < 100; ++d) {
    const std::string device = "d" + std::to_string(d);
    for (int t = 0; t < 100; ++t) {
      const auto tag = names.find_tag(device, "t" + std::to_string(t));
      ASSERT_TRUE(tag);
      EXPECT_EQ(index_of(*tag), static_cast<uint32_t>(100 * d + t));
    }
    EXPECT_FALSE(names.find_tag(device, "t100"));
    EXPECT_FALSE(names.find_tag(device, device));
  }
  EXPECT_FALSE(names.find_device("d100"));
}

TEST(Names, unknown_ids_have_no_name) {
  Names names;
  names.tag(names.device("boiler"), "temperature");
  EXPECT_EQ(names.name(DeviceId::none), "");
  EXPECT_EQ(names.name(TagId::none), "");
  EXPECT_EQ(names.name(static_cast<TagId>(1)), "");
  EXPECT_EQ(names.device_of(TagId::none), DeviceId::none);
}

TEST(Names, a_tag_of_no_device_has_no_id) {
  Names names;
  EXPECT_EQ(names.tag(DeviceId::none, "temperature"), TagId::none);
  EXPECT_FALSE(names.find_device("temperature"));
  EXPECT_EQ(names.tag_count(), 0u);
}

TEST(Names, names_of_any_length_are_kept) {
  Names names;
  const std::string longest(100000, 'x');
  const DeviceId device = names.device(longest);
  const DeviceId empty = names.device("");
  const DeviceId after = names.device("after");
  EXPECT_EQ(names.name(device), longest);
  EXPECT_EQ(names.name(empty), "");
  EXPECT_EQ(names.name(after), "after");
}

TEST(Names, there_are_at_most_2_20_devices) {
  Names names;
  for (uint32_t i = 0; i < 1u << 20; ++i) ASSERT_EQ(index_of(names.device(std::to_string(i))), i);
  EXPECT_EQ(names.device("one too many"), DeviceId::none);
  EXPECT_EQ(names.device("77"), static_cast<DeviceId>(77)) << "known ones still are";
}

// Readers take no lock: whatever id they have been given must lead to a whole name while others are added.
TEST(Names, may_be_read_while_names_are_added) {
  Names names;
  constexpr uint32_t kTags = 20000;
  std::atomic<bool> wrong{false};
  std::atomic<bool> done{false};
  std::thread reader([&] {
    bool last_round = false;
    while (!last_round) {
      last_round = done.load();
      const uint32_t count = names.tag_count();
      for (uint32_t i = count > 50 ? count - 50 : 0; i < count; ++i) {
        const auto id = static_cast<TagId>(i);
        if (names.full_name(id) != "device" + std::to_string(i % 7) + ".tag" + std::to_string(i)) wrong = true;
      }
    }
  });
  for (uint32_t i = 0; i < kTags; ++i) names.tag(names.device("device" + std::to_string(i % 7)), "tag" + std::to_string(i));
  done = true;
  reader.join();
  EXPECT_FALSE(wrong);
  EXPECT_EQ(names.tag_count(), kTags);
}

TEST(Names, several_threads_that_add_the_same_names_agree) {
  Names names;
  constexpr int kNames = 2000;
  std::vector<std::vector<TagId>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&names, &mine] {
      for (int i = 0; i < kNames; ++i) mine.push_back(names.tag(names.device("d"), "t" + std::to_string(i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
  EXPECT_EQ(names.tag_count(), static_cast<uint32_t>(kNames));
}

}  // namespace
}  // namespace ferrule
