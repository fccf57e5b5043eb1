"""Do devices that speak lines and frames work with peers that are not ours: socat, nc and NMEA sentences of another library?"""
import os
import socket
import subprocess
import time

import pynmea2

from harness import Program, expect, expect_equal, free_port, make_certificates, run, wait_for

# A balance as MT-SICS has it: SI answers with the weight at once.
BALANCE = """while read -r line; do
  case "$line" in SI*) printf 'S S     100.52 g\\r\\n' ;; Z*) printf 'Z A\\r\\n' ;; *) printf 'ES\\r\\n' ;; esac
done"""


def gateway_with(bench, channel, broker=None):
    config = {"gateway": {"id": "s"}, "channels": [channel]}
    if broker:
        config["uplinks"] = [{"name": "cloud", "mqtt": {"url": broker.url}}]
    return bench.gateway(config)


def value(gateway, tag):
    return gateway.get(f"/api/v1/values/{tag}")


def becomes(gateway, tag, wanted):
    wait_for(lambda: value(gateway, tag)["quality"] == "good" and value(gateway, tag)["value"] == wanted, f"{tag} to be {wanted}")


def events(gateway, channel="field"):
    return next(one for one in gateway.get("/api/v1/channels")["channels"] if one["name"] == channel).get("events", {})


def a_balance_behind_socat_is_asked_over_tcp(bench):
    port = free_port()
    script = bench.folder / "balance.sh"
    script.write_text(BALANCE)
    bench.program("socat", ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", f"EXEC:sh {script}"])
    gateway = gateway_with(bench, {
        "name": "field", "driver": "tcp", "tcp": {"host": "127.0.0.1", "port": port},
        "devices": [{"name": "balance", "profile": "mettler_toledo/mt_sics", "every": "100ms"}]})
    becomes(gateway, "balance.weight", 100.52)
    status, answer = gateway.put("/api/v1/values/balance.zero", {"value": "now"})
    expect_equal((status, answer.get("outcome")), (200, "done"), str(answer))


def the_same_balance_on_a_serial_line(bench):
    line = bench.serial_pair()
    script = bench.folder / "balance.sh"
    script.write_text(BALANCE)
    bench.program("instrument", ["socat", f"{line.a},raw,echo=0", f"EXEC:sh {script}"])
    gateway = gateway_with(bench, {
        "name": "field", "driver": "serial", "serial": {"port": str(line.b), "baud": 9600},
        "devices": [{"name": "balance", "profile": "mettler_toledo/mt_sics", "every": "100ms"}]})
    becomes(gateway, "balance.weight", 100.52)


def an_unstable_weight_of_an_ohaus_scale_is_not_good(bench):
    line, moving = bench.serial_pair(), bench.folder / "moving"
    script = bench.folder / "scale.sh"
    script.write_text(f"""while read -r line; do
      if [ -e {moving} ]; then printf '    12.300 kg  ?\\r\\n'; else printf '    12.345 kg\\r\\n'; fi
    done""")
    bench.program("instrument", ["socat", f"{line.a},raw,echo=0", f"EXEC:sh {script}"])
    gateway = gateway_with(bench, {
        "name": "field", "driver": "serial", "serial": {"port": str(line.b), "baud": 9600},
        "devices": [{"name": "scale", "profile": "ohaus/defender", "every": "100ms"}]})
    becomes(gateway, "scale.weight", 12.345)
    becomes(gateway, "scale.unit", "kg")
    moving.write_text("")
    becomes(gateway, "scale.moving", 12.3)
    expect_equal(value(gateway, "scale.weight")["quality"], "bad", "the weight while the scale moves")
    moving.unlink()
    becomes(gateway, "scale.weight", 12.345)


def lines_pushed_with_nc_reach_the_broker_and_are_acknowledged_when_durable(bench):
    port, broker = free_port(), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = gateway_with(bench, {
        "name": "field", "driver": "tcp", "listen": {"port": port}, "payload": {"format": "json"}, "id": {"at": "/id"},
        "acknowledge": "ACK {id}",
        "devices": [{"name": "probe", "id": "p1", "tags": [{"name": "t", "at": "/t"}]}]}, broker)
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["connected"], "the uplink to connect")
    answer = subprocess.run(["nc", "-q", "2", "127.0.0.1", str(port)], input='{"id":"p1","t":21.5}\n', capture_output=True, text=True, timeout=20)
    expect_equal(answer.stdout.strip(), "ACK p1", "what the device is told")
    message = subscriber.wait_for(lambda m: m.topic == "ferrule/v1/s/data/probe", "the reading at the broker").json
    expect_equal(message["values"], {"t": 21.5})
    for state in ("online", "offline"):
        subscriber.wait_for(lambda m, wanted=state: m.topic == "ferrule/v1/s/event/probe" and m.json["state"] == wanted, f"the event that it is {state}")
    expect(events(gateway)["closed: by the device"] == 1, str(events(gateway)))


def datagrams_sent_with_socat_are_read(bench):
    port = free_port()
    gateway = gateway_with(bench, {
        "name": "field", "driver": "tcp", "listen": {"port": port, "protocol": "udp"}, "payload": {"format": "pairs", "separator": ";"},
        "devices": [{"name": "probe", "tags": [{"name": "t", "at": "T"}, {"name": "h", "at": "H"}]}]})
    wait_for(lambda: "listens" in gateway.log(), "the port")
    subprocess.run(["socat", "-", f"UDP-SENDTO:127.0.0.1:{port}"], input=b"T=21.5;H=40", timeout=10, check=True)
    becomes(gateway, "probe.t", 21.5)
    becomes(gateway, "probe.h", 40)


def sentences_of_another_nmea_library_are_read(bench):
    """pynmea2 writes them; a station sends them over TCP, with noise and a broken one in between."""
    port = free_port()
    sentences = [str(pynmea2.MWV("WI", "MWV", ("214.8", "R", "5.1", "M", "A"))),
                 str(pynmea2.MWV("WI", "MWV", ("300.5", "T", "18.4", "K", "A"))),
                 str(pynmea2.GenericSentence("WI", "MDA", ("29.9", "I", "1.013", "B", "19.5", "C", "", "", "61.0", "", "11.8", "C")))
                 if hasattr(pynmea2, "GenericSentence") else
                 str(pynmea2.MDA("WI", "MDA", ("29.9", "I", "1.013", "B", "19.5", "C", "", "", "61.0", "", "11.8", "C", "", "", "", "", "", "", "", "")))]
    feed = bench.folder / "feed"
    feed.write_bytes(b"".join(f"{one}\r\n".encode() for one in (*sentences, "garbage", sentences[0][:-1] + "0")))
    bench.program("socat", ["socat", "-u", f"SYSTEM:while sleep 0.1; do cat {feed}; done", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork"])
    gateway = gateway_with(bench, {
        "name": "field", "driver": "tcp", "tcp": {"host": "127.0.0.1", "port": port},
        "devices": [{"name": "weather", "profile": "nmea/weather_station"}]})
    becomes(gateway, "weather.wind_speed", 5.1)
    becomes(gateway, "weather.wind_direction", 214.8)
    becomes(gateway, "weather.true_wind_direction", 300.5)
    expect_equal(value(gateway, "weather.true_wind_speed")["quality"], "bad", "a wind in km/h is no wind in m/s")
    becomes(gateway, "weather.air_temperature", 19.5)
    wait_for(lambda: events(gateway).get("dropped: not of the payload's format", 0) > 1, "noise to be counted")


def gps_receiver_lines():
    """A second of a receiver, as pynmea2 writes it: the place of Greenwich's observatory."""
    return [str(pynmea2.GGA("GP", "GGA", ("184353.07", "5128.670", "N", "00000.090", "W", "1", "08", "0.9", "46.9", "M", "47.0", "M", "", ""))),
            str(pynmea2.RMC("GP", "RMC", ("184353.07", "A", "5128.670", "N", "00000.090", "W", "4.9", "90.0", "211125", "", "", "A")))]


def gpsd_is_greeted_and_streams_positions(bench):
    """gpsd reads a receiver on a serial line; ferrule is its client, with JSON lines, and reads the same line's sentences in another
    channel by gpsd's raw feed."""
    port, line, feed = free_port(), bench.serial_pair(), bench.folder / "receiver"
    feed.write_bytes(b"".join(f"{one}\r\n".encode() for one in gps_receiver_lines()))
    bench.program("receiver", ["socat", "-u", f"SYSTEM:while sleep 0.2; do cat {feed}; done", f"{line.a},raw,echo=0"])
    bench.program("gpsd", ["gpsd", "-N", "-n", "-S", str(port), str(line.b)])

    def client(name, mode, payload, tags):
        return {"name": name, "driver": "tcp", "tcp": {"host": "127.0.0.1", "port": port}, "greeting": '?WATCH={"enable":true,"%s":true}' % mode,
                "payload": {"format": payload}, "frame": {"max_length": "16KiB"}, "devices": [{"name": name, "tags": tags}]}
    gateway = bench.gateway({"gateway": {"id": "s"}, "channels": [
        client("positions", "json", "json", [{"name": "latitude", "at": "/lat"}, {"name": "speed", "at": "/speed"}]),
        client("sentences", "nmea", "nmea", [{"name": "speed", "at": "RMC.7", "type": "float64"}])]})
    wait_for(lambda: abs((value(gateway, "positions.latitude").get("value") or 0) - 51.47783) < 1e-4, "the latitude of gpsd")
    becomes(gateway, "sentences.speed", 4.9)


def tls_to_a_device(bench):
    """openssl s_server stands for the device; a certificate that nobody trusts is refused, and no byte goes out."""
    certificates, port = make_certificates(bench.folder / "tls"), free_port()
    script = bench.folder / "balance.sh"
    script.write_text(BALANCE)
    inner = free_port()
    bench.program("balance", ["socat", f"TCP-LISTEN:{inner},bind=127.0.0.1,reuseaddr,fork", f"EXEC:sh {script}"])
    bench.program("tls", ["socat", f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert={certificates}/server.pem,key={certificates}/server.key,verify=0",
                          f"TCP:127.0.0.1:{inner}"])

    def channel(name, tls):
        return {"name": name, "driver": "tcp", "tcp": {"host": "127.0.0.1", "port": port, "tls": tls},
                "devices": [{"name": f"balance_{name}", "profile": "mettler_toledo/mt_sics", "every": "200ms"}]}
    gateway = bench.gateway({"gateway": {"id": "s"}, "channels": [
        channel("trusted", {"ca": f"{certificates}/ca.pem"}), channel("pinned", {"ca": f"{certificates}/server.pem"}),
        channel("stranger", {}), channel("renamed", {"ca": f"{certificates}/ca.pem", "server_name": "other.plant"})]})
    becomes(gateway, "balance_trusted.weight", 100.52)
    becomes(gateway, "balance_pinned.weight", 100.52)
    trouble = lambda name: next(one for one in gateway.get("/api/v1/channels")["channels"] if one["name"] == name).get("trouble") or ""  # noqa: E731
    wait_for(lambda: "its certificate" in trouble("stranger"), "the stranger to be refused")
    wait_for(lambda: "mismatch" in trouble("renamed"), "another name to be refused")
    expect_equal(value(gateway, "balance_stranger.weight")["quality"], "bad")


def tls_from_devices(bench):
    """openssl s_client is the device, with and without the certificate that the gateway asks for; and one that speaks no TLS."""
    certificates, port = make_certificates(bench.folder / "tls"), free_port()
    gateway = gateway_with(bench, {
        "name": "field", "driver": "tcp", "id": {"at": "1"}, "payload": {"format": "delimited"}, "acknowledge": "ACK",
        "listen": {"port": port, "hello_within": "5s", "tls": {"certificate": f"{certificates}/server.pem", "key": f"{certificates}/server.key",
                                                               "ca": f"{certificates}/ca.pem"}},
        "devices": [{"name": "probe", "id": "p1", "tags": [{"name": "t", "at": "2"}]}]})
    wait_for(lambda: "listens" in gateway.log(), "the port")
    client = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", f"{certificates}/ca.pem", "-verify_return_error", "-quiet"]
    own = ["-cert", f"{certificates}/server.pem", "-key", f"{certificates}/server.key"]
    device = subprocess.Popen(client + own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    bench.closers.append(device.kill)
    device.stdin.write(b"p1,21.5\n")
    device.stdin.flush()
    becomes(gateway, "probe.t", 21.5)
    expect_equal(device.stdout.readline(), b"ACK\r\n", "what the device is told")
    for what in (client, ["nc", "-q", "1", "127.0.0.1", str(port)]):
        subprocess.run(what, input=b"p1,99\n", capture_output=True, timeout=20, check=False)
    wait_for(lambda: any(one.startswith("closed: TLS") and "certificate" in one for one in events(gateway)), "the one without a certificate to be counted")
    wait_for(lambda: sum(n for one, n in events(gateway).items() if one.startswith("closed: TLS")) == 2, "both to be closed")
    expect_equal(value(gateway, "probe.t")["value"], 21.5)


def bad_peers_close_at_their_limits_and_polls_go_on(bench):
    """Figure 3 in small: connections that drip, and one that sends without a delimiter."""
    plant = bench.plant({"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
                         "devices": [{"unit_id": 1, "registers": [{"address": "holding:0", "type": "int16", "value": 7}]}]})
    port = free_port()
    gateway = bench.gateway({"gateway": {"id": "s"}, "channels": [
        {"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port},
         "devices": [{"name": "boiler", "every": "50ms", "tags": [{"name": "t", "address": "holding:0"}]}]},
        {"name": "field", "driver": "tcp", "listen": {"port": port, "max_per_address": 200, "hello_within": "5s"}, "frame": {"timeout": "1s"},
         "payload": {"format": "delimited"}, "id": {"at": "1"}, "devices": [{"name": "probe", "id": "probe", "tags": [{"name": "t", "at": "2"}]}]}]})
    wait_for(lambda: "listens" in gateway.log(), "the port")
    becomes(gateway, "boiler.t", 7)
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    for one in slow:
        one.send(b"x")
    endless = socket.create_connection(("127.0.0.1", port))
    try:
        for _ in range(1000):
            endless.sendall(b"x" * 10_000)
    except OSError:
        pass  # closed, as it should be
    wait_for(lambda: events(gateway).get("closed: frame too long") == 1, "the endless frame to be closed")
    wait_for(lambda: events(gateway).get("closed: frame not finished in time") == 100, "the slow ones to be closed")
    line = next(one for one in gateway.get("/api/v1/channels")["channels"] if one["name"] == "line")
    expect_equal((line["timeouts"], line["bad_replies"]), (0, 0), "the other channel")


def a_serial_device_may_be_pulled_out_and_put_back(bench, times=int(os.environ.get("FERRULE_UNPLUGS", "50"))):
    """Figure 5: each time its data is there again within 5 s, and no descriptor is left over."""
    link = bench.folder / "by-id"
    number = [0]

    def plug():
        number[0] += 1
        program = Program(bench, "adapter", ["socat", "-u", f"SYSTEM:while sleep 0.05; do echo {number[0]}; done", f"pty,raw,echo=0,link={link}"])
        return program

    adapter = plug()
    gateway = gateway_with(bench, {"name": "field", "driver": "serial", "serial": {"port": str(link)},
                                   "devices": [{"name": "probe", "tags": [{"name": "t"}]}]})
    becomes(gateway, "probe.t", 1)
    fds = lambda: len(os.listdir(f"/proc/{gateway.program.pid}/fd"))  # noqa: E731
    before, worst = fds(), 0.0
    for _ in range(times):
        adapter.kill()
        link.unlink(missing_ok=True)
        wait_for(lambda: value(gateway, "probe.t")["quality"] == "bad", "the loss to be noticed")
        adapter = plug()
        begun = time.monotonic()
        becomes(gateway, "probe.t", number[0])
        worst = max(worst, time.monotonic() - begun)
    print(f"        {times} times out and in: data again within {worst:.2f} s (limit 5 s); descriptors {before} before, {fds()} after")
    expect(worst <= 5, f"data again within {worst:.2f} s")
    expect(fds() <= before, f"{before} descriptors before, {fds()} after")


if __name__ == "__main__":
    run(a_balance_behind_socat_is_asked_over_tcp, the_same_balance_on_a_serial_line, an_unstable_weight_of_an_ohaus_scale_is_not_good,
        lines_pushed_with_nc_reach_the_broker_and_are_acknowledged_when_durable, datagrams_sent_with_socat_are_read,
        sentences_of_another_nmea_library_are_read, gpsd_is_greeted_and_streams_positions, tls_to_a_device, tls_from_devices, bad_peers_close_at_their_limits_and_polls_go_on,
        a_serial_device_may_be_pulled_out_and_put_back)
