// Alarms, losses, outcomes and device states as bytes: one after the other, plain, they are few.
#pragma once

#include <string>

#include "core/record.h"
#include "outbox/block_layout.h"
#include "outbox/bytes.h"
#include "outbox/dictionary.h"

namespace ferrule::outbox {

using Body = decltype(Record::body);

void put_value(std::string& out, const Value& value);
Value read_value(ByteReader& in);  // fails `in` on an unknown kind

void put_event(std::string& out, const Body& body, Dictionary& dictionary);
Body read_event(ByteReader& in, BodyKind kind, const Dictionary& dictionary);

}  // namespace ferrule::outbox
