// What a user may write in the gateway's own sections. Drivers and encoders bring tables of their own, which are added to these.
#pragma once

#include <span>

#include "sdk/field_spec.h"

namespace ferrule::config::tables {

extern const std::span<const FieldSpec> kRoot;
extern const std::span<const FieldSpec> kGateway;
extern const std::span<const FieldSpec> kChannel;
extern const std::span<const FieldSpec> kDevice;
extern const std::span<const FieldSpec> kProfile;  // the top of a profile's file
extern const std::span<const FieldSpec> kTag;
extern const std::span<const FieldSpec> kRange;  // valid, write
extern const std::span<const FieldSpec> kRule;
extern const std::span<const FieldSpec> kUplink;
extern const std::span<const FieldSpec> kPayload;  // `payload: { type: json, ... }`: the encoder's own are added
extern const std::span<const FieldSpec> kPublish;  // `publish: { every: 5s }`
extern const std::span<const FieldSpec> kOutbox;
extern const std::span<const FieldSpec> kRest;
extern const std::span<const FieldSpec> kLog;

}  // namespace ferrule::config::tables
