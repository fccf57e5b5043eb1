// What a plant file may say.
#include <array>

#include "simulator/address.h"
#include "simulator/format.h"
#include "simulator/plant.h"

namespace ferrule {

namespace {

constexpr std::array<std::string_view, 7> kShapeWords{"constant", "sine", "ramp", "square", "counter", "random_walk", "text"};

constexpr std::array<FieldSpec, 3> kTcpEndpointFields{{
    {.name = "listen", .help = "Address to listen on.", .example = "127.0.0.1", .initial = "127.0.0.1"},
    {.name = "port",
     .kind = FieldKind::integer,
     .help = "TCP port; 0 takes a free one and prints it.",
     .example = "1502",
     .initial = "0",
     .least = 0,
     .most = 65535},
    {.name = "rtu_over_tcp",
     .kind = FieldKind::boolean,
     .help = "Speak RTU frames, as behind a plain TCP-to-serial converter, instead of Modbus TCP.",
     .example = "true",
     .initial = "false"},
}};

constexpr std::array<FieldSpec, 1> kSerialEndpointFields{{
    {.name = "link",
     .help = "Path of the symbolic link to the pseudo terminal that is made.",
     .example = "/tmp/plant-line",
     .required = true},
}};

constexpr std::array<FieldSpec, 3> kEndpointFields{{
    {.name = "name", .kind = FieldKind::name, .help = "By which devices name their endpoint.", .example = "line_a"},
    {.name = "tcp", .kind = FieldKind::object, .help = "A TCP port.", .fields = kTcpEndpointFields},
    {.name = "serial", .kind = FieldKind::object, .help = "A serial line (a pseudo terminal).", .fields = kSerialEndpointFields},
}};

constexpr std::array<FieldSpec, 15> kRegisterFields{{
    {.name = "address",
     .help = "Area and zero-based offset, as in the gateway's own configuration.",
     .example = "holding:100",
     .required = true,
     .check = &simulator::check_address},
    {.name = "type",
     .kind = FieldKind::choice,
     .help = "What the registers hold; bool for coil and discrete.",
     .example = "float32",
     .initial = "uint16",
     .words = kWireTypeWords},
    {.name = "order",
     .kind = FieldKind::choice,
     .help = "Order of the bytes of a value of more than one register.",
     .example = "CDAB",
     .initial = "ABCD",
     .words = kByteOrderWords},
    {.name = "length",
     .kind = FieldKind::integer,
     .help = "Of a string, rounded up to whole registers; without it the text's own.",
     .example = "16",
     .unit = "bytes",
     .least = 1,
     .most = 2 * simulator::kMaxWidth},
    {.name = "count",
     .kind = FieldKind::integer,
     .help = "How many such values stand one behind the other.",
     .example = "1000",
     .initial = "1",
     .least = 1,
     .most = 65536},
    {.name = "shape",
     .kind = FieldKind::choice,
     .help = "How the value runs over time.",
     .example = "sine",
     .initial = "constant",
     .words = kShapeWords},
    {.name = "value",
     .kind = FieldKind::number,
     .help = "Of a constant, and where a counter begins.",
     .example = "650",
     .initial = "0"},
    {.name = "mean",
     .kind = FieldKind::number,
     .help = "Middle of sine, ramp, square, random_walk.",
     .example = "80",
     .initial = "0"},
    {.name = "amplitude", .kind = FieldKind::number, .help = "How far these go from the mean.", .example = "10", .initial = "1"},
    {.name = "period",
     .kind = FieldKind::duration,
     .help = "Of sine, ramp, square; of random_walk about the time between two turns.",
     .example = "20s",
     .initial = "10s",
     .least = 1e-3},
    {.name = "step", .kind = FieldKind::number, .help = "By which a counter rises.", .example = "1", .initial = "1"},
    {.name = "every",
     .kind = FieldKind::duration,
     .help = "How often a counter rises.",
     .example = "100ms",
     .initial = "1s",
     .least = 1e-3},
    {.name = "spread",
     .kind = FieldKind::number,
     .help = "Added n times to the n-th value of a row, so that each can be told from its neighbours.",
     .example = "1",
     .initial = "0"},
    {.name = "seed",
     .kind = FieldKind::integer,
     .help = "Of a random_walk: the same seed gives the same walk.",
     .example = "7",
     .initial = "1"},
    {.name = "text", .help = "What a string holds (shape: text).", .example = "SDM630"},
}};

constexpr std::array<FieldSpec, 3> kDeviceFields{{
    {.name = "unit_id",
     .help = "Unit id 0 .. 255, or a range: that many devices alike.",
     .example = "1-8",
     .initial = "1",
     .check = &simulator::check_unit_range},
    {.name = "endpoint",
     .kind = FieldKind::name,
     .help = "Name of the endpoint behind which the device is. Default: every endpoint.",
     .example = "line_a"},
    {.name = "registers",
     .kind = FieldKind::objects,
     .help = "Its registers; what is not described answers with exception 2.",
     .required = true,
     .fields = kRegisterFields},
}};

constexpr std::array<FieldSpec, 2> kFileFields{{
    {.name = "endpoints",
     .kind = FieldKind::objects,
     .help = "Where masters reach the plant.",
     .required = true,
     .fields = kEndpointFields},
    {.name = "devices", .kind = FieldKind::objects, .help = "What they reach there.", .required = true, .fields = kDeviceFields},
}};

}  // namespace

const std::span<const FieldSpec> kPlantFields = kFileFields;

}  // namespace ferrule
