"""What the manuals of the devices in config/profiles say, written down a second time: where a value stands, how it is coded, and what it
means. Addresses as they go over the wire, in the manual's own base where that is hexadecimal.

A row: (address, coding, raw value, tag, value the gateway must show; None: bad, and None as tag: a register that no tag reads).
Codings are those of struct, most significant word first; `w` behind one turns the words around; `s16` is a text of 16 bytes.
"""
import struct

U32, S32, U64 = 0xFFFFFFFF, -0x80000000, 0xFFFFFFFFFFFFFFFF


def words(coding, raw):
    """The registers that hold a value."""
    if coding[0] == "s":
        data = raw.encode().ljust(int(coding[1:]), b"\0")
    else:
        data = struct.pack(">" + coding[0], raw)
    found = list(struct.unpack(f">{len(data) // 2}H", data))
    return found[::-1] if coding.endswith("w") else found


def floats(*rows):
    return [(address, "f", raw, tag, raw) for address, raw, tag in rows]


def bits_of(names, pattern):
    return [(None, None, None, name, bool(pattern >> bit & 1)) for bit, name in names.items()]


SDM120 = floats(
    (0x0000, 230.5, "voltage"), (0x0006, 4.25, "current"), (0x000C, 960.5, "power"), (0x0012, 979.5, "apparent_power"),
    (0x0018, -191.25, "reactive_power"), (0x001E, 0.98046875, "power_factor"), (0x0046, 49.96875, "frequency"),
    (0x0048, 1234.5, "energy_import"), (0x004A, 12.25, "energy_export"), (0x004C, 3.5, "reactive_energy_import"),
    (0x004E, 7.75, "reactive_energy_export"), (0x0156, 1246.75, "energy"), (0x0158, 11.25, "reactive_energy"))

SDM72 = floats(
    (0x0034, -1500.5, "power"), (0x0048, 88.5, "energy_import"), (0x004A, 99.25, "energy_export"), (0x0156, 187.75, "energy"),
    (0x0180, 5.5, "trip_energy"), (0x0184, 2.25, "trip_energy_import"), (0x0186, 3.25, "trip_energy_export"),
    (0x0500, 0.0, "power_import"), (0x0502, 1500.5, "power_export"))

SDM630 = floats(
    (0x0000, 230.25, "voltage_l1"), (0x0002, 231.25, "voltage_l2"), (0x0004, 229.5, "voltage_l3"), (0x0006, 5.5, "current_l1"),
    (0x0034, 3675.5, "power"), (0x0046, 50.03125, "frequency"), (0x0048, 4711.5, "energy_import"), (0x0156, 4800.25, "energy"))

# Registers counted from 1 in the manual (3000, 3204 ...).
IEM3000 = [(number - 1, "f", raw, tag, raw) for number, raw, tag in (
    (3000, 11.5, "current_l1"), (3002, 12.5, "current_l2"), (3004, 13.5, "current_l3"), (3010, 12.5, "current_average"),
    (3020, 398.5, "voltage_l1_l2"), (3022, 399.5, "voltage_l2_l3"), (3024, 400.5, "voltage_l3_l1"), (3026, 399.5, "voltage_ll_average"),
    (3028, 229.5, "voltage_l1"), (3030, 230.5, "voltage_l2"), (3032, 231.5, "voltage_l3"), (3036, 230.5, "voltage_ln_average"),
    (3054, 2.5, "power_l1"), (3056, 2.75, "power_l2"), (3058, 3.25, "power_l3"), (3060, 8.5, "power"), (3068, -1.5, "reactive_power"),
    (3076, 8.75, "apparent_power"), (3110, 50.0, "frequency"))] + [(number - 1, "q", raw, tag, raw / 1000) for number, raw, tag in (
        (3204, 123456789012, "energy_import"), (3208, 1000, "energy_export"), (3220, 2500, "reactive_energy_import"),
        (3224, 1, "reactive_energy_export"), (3518, 41152263004, "energy_import_l1"), (3522, 41152263005, "energy_import_l2"),
        (3526, 41152263003, "energy_import_l3"))]

B23 = [
    (0x5000, "Q", 1234567, "energy_import", 12345.67), (0x5004, "Q", 89, "energy_export", 0.89), (0x5008, "q", -100, "energy_net", -1),
    (0x500C, "Q", 50, "reactive_energy_import", 0.5), (0x5010, "Q", 7, "reactive_energy_export", 0.07),
    (0x5460, "Q", 411522, "energy_import_l1", 4115.22), (0x5464, "Q", 411523, "energy_import_l2", 4115.23),
    (0x5468, "Q", 411522, "energy_import_l3", 4115.22), (0x546C, "Q", 30, "energy_export_l1", 0.3),
    (0x5470, "Q", 29, "energy_export_l2", 0.29), (0x5474, "Q", U64, "energy_export_l3", None),
    (0x5B00, "I", 2301, "voltage_l1", 230.1), (0x5B02, "I", 2312, "voltage_l2", 231.2), (0x5B04, "I", 2298, "voltage_l3", 229.8),
    (0x5B06, "I", 3985, "voltage_l1_l2", 398.5), (0x5B08, "I", 4042, "voltage_l3_l2", 404.2), (0x5B0A, "I", 4032, "voltage_l1_l3", 403.2),
    (0x5B0C, "I", 101, "current_l1", 1.01), (0x5B0E, "I", 201, "current_l2", 2.01), (0x5B10, "I", 302, "current_l3", 3.02),
    (0x5B12, "I", U32, "current_n", None), (0x5B14, "i", 125156, "power", 1251.56), (0x5B16, "i", 23266, "power_l1", 232.66),
    (0x5B18, "i", -45207, "power_l2", -452.07), (0x5B1A, "i", 56683, "power_l3", 566.83), (0x5B1C, "i", 30017, "reactive_power", 300.17),
    (0x5B24, "i", 140739, "apparent_power", 1407.39), (0x5B2C, "H", 4995, "frequency", 49.95),
    (0x5B3A, "h", 972, "power_factor", 0.972), (0x5B3B, "h", 1000, "power_factor_l1", 1), (0x5B3C, "h", -966, "power_factor_l2", -0.966),
    (0x5B3D, "h", 0x7FFF, "power_factor_l3", None)]

EM340 = [(address, "iw", raw, tag, raw / 10) for address, raw, tag in (
    (0x00, 2301, "voltage_l1"), (0x02, 2302, "voltage_l2"), (0x04, 2303, "voltage_l3"), (0x06, 3981, "voltage_l1_l2"),
    (0x08, 3982, "voltage_l2_l3"), (0x0A, 3983, "voltage_l3_l1"), (0x12, 11000, "power_l1"), (0x14, -12000, "power_l2"),
    (0x16, 13000, "power_l3"), (0x18, 11500, "apparent_power_l1"), (0x1A, 12500, "apparent_power_l2"), (0x1C, 13500, "apparent_power_l3"),
    (0x1E, 700, "reactive_power_l1"), (0x20, -800, "reactive_power_l2"), (0x22, 900, "reactive_power_l3"),
    (0x24, 2302, "voltage_ln_average"), (0x26, 3982, "voltage_ll_average"), (0x28, 1234567, "power"), (0x2A, 1300000, "apparent_power"),
    (0x2C, 800, "reactive_power"), (0x34, 987654, "energy_import"), (0x36, 4321, "reactive_energy_import"), (0x38, 1200000, "power_demand"),
    (0x3A, 1400000, "power_demand_max"), (0x40, 329218, "energy_import_l1"), (0x42, 329219, "energy_import_l2"),
    (0x44, 329217, "energy_import_l3"), (0x4E, 70, "energy_export"), (0x50, 60, "reactive_energy_export"))] + [
    (0x0C, "iw", 12345, "current_l1", 12.345), (0x0E, "iw", -2345, "current_l2", -2.345), (0x10, "iw", 70000, "current_l3", 70),
    (0x2E, "h", 998, "power_factor_l1", 0.998), (0x2F, "h", -985, "power_factor_l2", -0.985), (0x30, "h", 1000, "power_factor_l3", 1),
    (0x31, "h", 990, "power_factor", 0.99), (0x33, "h", 500, "frequency", 50)]

SMA = [
    (30201, "I", 307, "condition", "ok"), (30513, "Q", 123456789, "energy", 123456.789), (30535, "I", 4321, "energy_today", 4.321),
    (30769, "i", 2345, "dc_current", 2.345), (30771, "i", 62012, "dc_voltage", 620.12), (30773, "i", 1454, "dc_power", 1454),
    (30775, "i", 1410, "power", 1410), (30777, "i", 1410, "power_l1", 1410), (30779, "i", S32, "power_l2", None),
    (30781, "i", S32, "power_l3", None), (30783, "I", 23012, "voltage_l1", 230.12), (30785, "I", U32, "voltage_l2", None),
    (30787, "I", U32, "voltage_l3", None), (30803, "I", 5001, "frequency", 50.01), (30805, "i", -20, "reactive_power", -20),
    (30813, "i", 1411, "apparent_power", 1411)]

GROWATT = [
    (0, "H", 1, "state", "normal"), (1, "I", 56789, "pv_power", 5678.9), (3, "H", 3456, "pv1_voltage", 345.6), (4, "H", 82, "pv1_current", 8.2),
    (5, "I", 28339, "pv1_power", 2833.9), (7, "H", 3401, "pv2_voltage", 340.1), (8, "H", 84, "pv2_current", 8.4),
    (9, "I", 28450, "pv2_power", 2845), (35, "I", 70001, "power", 7000.1), (37, "H", 4998, "frequency", 49.98),
    (38, "H", 2311, "voltage_l1", 231.1), (39, "H", 80, "current_l1", 8), (40, "I", 18488, "apparent_power_l1", 1848.8),
    (42, "H", 2312, "voltage_l2", 231.2), (43, "H", 81, "current_l2", 8.1), (44, "I", 18727, "apparent_power_l2", 1872.7),
    (46, "H", 2313, "voltage_l3", 231.3), (47, "H", 82, "current_l3", 8.2), (48, "I", 18966, "apparent_power_l3", 1896.6),
    (53, "I", 123, "energy_today", 12.3), (55, "I", 654321, "energy", 65432.1), (93, "h", 451, "temperature", 45.1),
    (104, "H", 0, "derating", 0), (105, "H", 0, "fault_code", 0)]

# Parameter 16-13 is register 16130, counted from 1.
VLT = [(parameter * 10 - 1, coding, raw, tag, value) for parameter, coding, raw, tag, value in (
    (1602, "h", -505, "reference_percent", -50.5), (1603, "H", 0x0F07, "status", 0x0F07), (1613, "H", 423, "frequency", 42.3),
    (1614, "i", 524, "current", 5.24), (1618, "H", 61, "motor_thermal", 61), (1622, "h", -12, "torque", -12),
    (1630, "H", 541, "dc_voltage", 541), (1690, "I", 0x80000001, "alarms", 0x80000001), (1692, "I", 4, "warnings", 4))] + bits_of(
        {0: "control_ready", 1: "drive_ready", 3: "tripped", 7: "warning", 8: "at_reference", 11: "running"}, 0x0F07)

E5CC = [
    (0x0000, "i", 181, "temperature", 181), (0x0002, "I", 0x01001100, "status", 0x01001100), (0x0004, "i", -5, "active_setpoint", -5),
    (0x0006, "i", 123, "heater_current", 12.3), (0x0008, "i", 1000, "heating_output", 100), (0x000A, "i", -50, "cooling_output", -5),
    (0x0106, "i", 180, "setpoint", 180)] + bits_of(
        {0: "heater_overcurrent", 6: "input_error", 8: "heating", 9: "cooling", 12: "alarm_1", 13: "alarm_2", 14: "alarm_3",
         23: "autotuning", 24: "stopped", 26: "manual"}, 0x01001100)

EUROTHERM = [
    (1, "h", 215, "temperature", 215), (2, "h", 220, "target_setpoint", 220), (3, "h", 0, "manual_output", 0), (4, "h", 455, "output", 455),
    (5, "h", -20, "setpoint", -20), (13, "h", 300, "alarm_1_threshold", 300), (14, "h", -10, "alarm_2_threshold", -10),
    (15, "H", 1, "active_setpoint", "setpoint_2"), (23, "H", 2, "timer", "hold"), (24, "h", 220, "setpoint_1", 220),
    (25, "h", 180, "setpoint_2", 180)]


def coils(first, values, name):
    return [(first + n, "coil", value, name.format(n + 1), value) for n, value in enumerate(values)]


# Numbers of the manual: 00017 is coil 16, 40211 is register 210.
ADAM = coils(16, [n % 3 == 0 for n in range(12)], "output_{}") + coils(28, [False, True, False], "overcurrent_{}") + [
    (210, "H", 0x4056, "module", 4056)]

WAGO = [(n, "discrete", n % 2 == 1, f"input_{n + 1}", n % 2 == 1) for n in range(16)] + coils(
    0x200, [n % 5 == 0 for n in range(16)], "output_{}")

SUNS = [(40000, "s4", "SunS", None, None), (40002, "H", 1, None, None), (40003, "H", 66, None, None),
        (40004, "s32", "Fronius", "manufacturer", "Fronius"), (40020, "s32", "Symo 8.2-3-M", "model", "Symo 8.2-3-M"),
        (40036, "s16", "", None, None), (40044, "s16", "0.3.30.2", "version", "0.3.30.2"), (40052, "s32", "34567890", "serial_number", "34567890"),
        (40068, "H", 1, None, None), (40069, "H", 0, None, None)]


def model(start, number, length, rows):
    """A model's points, by their offsets in its definition; points that are not given are not implemented, scale factors 0x8000."""
    given = {offset: row for offset, *row in rows}
    found = [(start, "H", number, None, None), (start + 1, "H", length, None, None)]
    taken = 2
    while taken < length + 2:
        coding, raw, tag, value = given.get(taken, ("H", 0x8000, None, None))
        found.append((start + taken, coding, raw, tag, value))
        taken += len(words(coding, raw))
    return found


# The inverter keeps another model (120) before its own; a model 160 and the end follow.
INVERTER = SUNS + model(40070, 120, 26, []) + model(40098, 103, 50, [
    (2, "H", 1234, "current", 12.34), (3, "H", 411, "current_l1", 4.11), (4, "H", 412, "current_l2", 4.12), (5, "H", 411, "current_l3", 4.11),
    (6, "h", -2, None, None), (10, "H", 2301, "voltage_l1", 230.1), (11, "H", 2312, "voltage_l2", 231.2), (12, "H", 0xFFFF, "voltage_l3", None),
    (13, "h", -1, None, None), (14, "h", 284, "power", 2840), (15, "h", 1, None, None), (16, "H", 4999, "frequency", 49.99),
    (17, "h", -2, None, None), (18, "h", 285, "apparent_power", 2850), (19, "h", 1, None, None), (20, "h", -120, "reactive_power", -120),
    (21, "h", 0, None, None), (22, "h", -9960, "power_factor", -99.6), (23, "h", -2, None, None), (24, "I", 12345678, "energy", 12345678),
    (26, "h", 0, None, None), (27, "H", 72, "dc_current", 7.2), (28, "h", -1, None, None), (29, "H", 4001, "dc_voltage", 400.1),
    (30, "h", -1, None, None), (31, "h", 2881, "dc_power", 2881), (32, "h", 0, None, None), (33, "h", -0x8000, "cabinet_temperature", None),
    (37, "h", -1, None, None), (38, "H", 4, "state", "running"), (40, "I", 0x1000, "events", 0x1000)]) + model(40150, 160, 8, []) + [
        (40160, "H", 0xFFFF, None, None), (40161, "H", 0, None, None)] + bits_of(
            {0: "ground_fault", 1: "dc_over_voltage", 2: "ac_disconnected", 3: "dc_disconnected", 4: "grid_disconnected",
             7: "over_temperature", 10: "ac_over_voltage", 11: "ac_under_voltage"}, 0x1000)

METER = [row for row in SUNS if row[3] != "version"] + [(40044, "s16", "", None, None)] + model(40070, 203, 105, [
    (2, "h", 150, "current", 15), (3, "h", 50, "current_l1", 5), (4, "h", 49, "current_l2", 4.9), (5, "h", -51, "current_l3", -5.1),
    (6, "h", -1, None, None), (7, "h", 2302, "voltage_ln_average", 230.2), (8, "h", 2301, "voltage_l1", 230.1),
    (9, "h", 2302, "voltage_l2", 230.2), (10, "h", 2303, "voltage_l3", 230.3), (11, "h", 3987, "voltage_ll_average", 398.7),
    (15, "h", -1, None, None), (16, "h", 5000, "frequency", 50), (17, "h", -2, None, None), (18, "h", -1500, "power", -1500),
    (19, "h", -500, "power_l1", -500), (20, "h", -490, "power_l2", -490), (21, "h", -510, "power_l3", -510), (22, "h", 0, None, None),
    (23, "h", 1510, "apparent_power", 1510), (27, "h", 0, None, None), (28, "h", 170, "reactive_power", 170), (32, "h", 0, None, None),
    (33, "h", 99, "power_factor", 99), (37, "h", 0, None, None), (38, "I", 90000001, "energy_export", 9000000100),
    (46, "I", 4711, "energy_import", 471100), (54, "h", 2, None, None)]) + [(40177, "H", 0xFFFF, None, None), (40178, "H", 0, None, None)]

# profile: (area of its registers, rows, whether every tag of the profile has a row)
MAPS = {
    "eastron/sdm120": ("input", SDM120), "eastron/sdm72d-m": ("input", SDM72), "schneider/iem3000": ("holding", IEM3000),
    "abb/b23": ("holding", B23), "carlo-gavazzi/em340": ("input", EM340), "sma/inverter": ("input", SMA),
    "growatt/inverter": ("input", GROWATT), "danfoss/vlt-fc": ("holding", VLT), "omron/e5cc": ("holding", E5CC),
    "eurotherm/3200": ("holding", EUROTHERM), "advantech/adam-4056so": ("holding", ADAM), "wago/750-digital16": ("holding", WAGO),
    "sunspec/inverter": ("holding", INVERTER), "sunspec/meter": ("holding", METER)}
