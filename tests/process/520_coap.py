"""Does CoAP work with a peer that is not ours, libcoap's own coap-server and coap-client: plain and DTLS, observe, blocks, posts?"""
import re

from coap import INBOX, KEY, CoapServer, becomes, channel, coap_client, events, gateway_with, is_good, listening_port, secret, value
from harness import Program, expect, expect_equal, ferrule, free_port, make_certificates, run, wait_for


def a_resource_is_polled_commanded_and_read_in_blocks(bench):
    server = CoapServer(bench)
    gateway = gateway_with(bench, channel("a", server.port, [
        {"name": "time", "path": "/time?ticks", "type": "number"},
        {"name": "data", "path": "/example_data", "format": "text", "write": True},
        {"name": "none", "path": "/nowhere"}]))
    is_good(gateway, "a_server.time")
    wait_for(lambda: value(gateway, "a_server.none")["reason"] == "device_refused", "what is not there to be refused")
    long_text = "".join(f"{i}," for i in range(1500))  # 6 KB: blocks both ways
    status, answer = gateway.put("/api/v1/values/a_server.data", {"value": long_text})
    expect_equal((status, answer.get("outcome")), (200, "done"), str(answer))
    expect_equal(coap_client("-B", "10", f"coap://127.0.0.1:{server.port}/example_data").stdout.rstrip("\n"), long_text, "what the server has")
    becomes(gateway, "a_server.data", long_text)


def an_observed_resource_tells_by_itself(bench):
    server = CoapServer(bench)
    gateway = gateway_with(bench, channel("a", server.port, [{"name": "time", "path": "/time?ticks", "observe": True}], device={"every": "10min"}))
    is_good(gateway, "a_server.time")
    first = value(gateway, "a_server.time")["value"]
    wait_for(lambda: value(gateway, "a_server.time")["value"] >= first + 3, "three notifications while nothing is polled")
    server.program.kill()
    restarted = Program(bench, "coap-server", ["coap-server-openssl", "-A", "127.0.0.1", "-p", server.port])
    last = value(gateway, "a_server.time")["value"]
    wait_for(lambda: restarted.running() and value(gateway, "a_server.time")["value"] >= last + 10, "the restarted server to tell again")


def dtls_with_a_key_and_with_certificates(bench):
    files = make_certificates(bench.folder / "tls")
    server = CoapServer(bench, "-k", KEY, "-c", files / "server.pem", "-j", files / "server.key", "-C", files / "ca.pem", "-n")
    tags = [{"name": "time", "path": "/time?ticks", "type": "number"}]
    by_key = {"identity": "gateway7", "key": secret(bench, "coap-key", KEY)}
    wrong_key = {"identity": "gateway7", "key": secret(bench, "wrong-key", "something else")}
    by_certificate = {"ca": str(files / "ca.pem"), "server_name": "localhost"}
    wrong_name = {"ca": str(files / "ca.pem"), "server_name": "elsewhere"}
    gateway = gateway_with(bench, *(channel(name, server.port + 1, tags, dtls=dtls) for name, dtls in (
        ("k", by_key), ("w", wrong_key), ("c", by_certificate), ("n", wrong_name))))
    is_good(gateway, "k_server.time")
    is_good(gateway, "c_server.time")
    for name in ("w", "n"):
        wait_for(lambda: value(gateway, f"{name}_server.time").get("reason") in ("device_refused", "timeout"),
                 lambda: f"{name} to be refused: {value(gateway, f'{name}_server.time')}")


def a_device_says_what_it_has(bench):
    server = CoapServer(bench)
    found = ferrule("discover", f"127.0.0.1:{server.port}")
    expect_equal(found.returncode, 0, found.stderr)
    expect(re.search(r"/time +ticks +clock", found.stdout), found.stdout)
    expect("- { name: time, path: \"/time\", observe: true }" in found.stdout, found.stdout)
    nobody = ferrule("discover", f"127.0.0.1:{free_port()}", "--timeout", "300")
    expect_equal(nobody.returncode, 2, nobody.stderr)


def posts_reach_the_broker_and_are_answered_when_durable(bench):
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = gateway_with(bench, INBOX, broker=broker)
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["connected"], "the uplink to connect: what is read before is history")
    url = f"coap://127.0.0.1:{listening_port(gateway)}"
    answer = coap_client("-v", "7", "-B", "10", "-m", "post", "-e", "21.5", f"{url}/porch/t")
    acknowledged, changed = answer.stdout.find("t:ACK c:0.00"), answer.stdout.find("c:2.04")
    expect(0 <= acknowledged < changed, f"an empty acknowledgement, then 2.04:\n{answer.stdout}{answer.stderr}")
    message = subscriber.wait_for(lambda m: m.topic == "ferrule/v1/c/data/porch", "the reading at the broker").json
    expect_equal(message["values"], {"t": 21.5})
    pack = '[{"bn":"urn:dev:1:","n":"wind","v":7.5},{"n":"rain","v":0.25}' + ',{"n":"other","vs":"' + "x" * 3000 + '"}]'  # three blocks
    file = bench.folder / "pack.json"
    file.write_text(pack)
    answer = coap_client("-v", "7", "-B", "10", "-m", "post", "-t", "110", "-b", "1024", "-f", file, f"{url}/roof")
    expect("c:2.04" in answer.stdout, answer.stdout)
    message = subscriber.wait_for(lambda m: m.topic == "ferrule/v1/c/data/roof", "the pack at the broker").json
    expect_equal(message["values"], {"wind": 7.5, "rain": 0.25})
    expect("4.04" in coap_client("-B", "10", "-m", "post", "-e", "1", f"{url}/nowhere").stderr, "an unknown resource is refused")
    expect('</porch/t>' in coap_client("-B", "10", f"{url}/.well-known/core").stdout, "our resources can be discovered")
    expect_equal(events(gateway), {"refused: no such resource": 1})


def posts_by_dtls_are_those_of_the_identity(bench):
    mine = {"identity": "node1", "key": secret(bench, "node1-key", KEY)}
    gateway = gateway_with(bench, {"name": "inbox", "driver": "coap", "listen": {"port": 0}, "devices": [
        {"name": "node1", "dtls": mine, "tags": [{"name": "t", "path": "/t"}]},
        {"name": "node2", "dtls": {"identity": "node2", "key": secret(bench, "node2-key", "another")}, "tags": [{"name": "t", "path": "/t"}]}]})
    url = f"coaps://127.0.0.1:{listening_port(gateway)}/t"
    coap_client("-B", "10", "-m", "post", "-u", "node1", "-k", KEY, "-e", "1.5", url)
    becomes(gateway, "node1.t", 1.5)
    coap_client("-B", "10", "-m", "post", "-u", "node2", "-k", "another", "-e", "2.5", url)
    becomes(gateway, "node2.t", 2.5)
    coap_client("-B", "2", "-m", "post", "-u", "node1", "-k", "guessed", "-e", "66", url)
    coap_client("-B", "2", "-m", "post", "-u", "node3", "-k", KEY, "-e", "66", url)
    expect_equal((value(gateway, "node1.t")["value"], value(gateway, "node2.t")["value"]), (1.5, 2.5), "strangers change nothing")
    wait_for(lambda: events(gateway).get("refused: DTLS without a known key or certificate", 0) >= 1, lambda: f"they are counted: {events(gateway)}")


def posts_by_dtls_need_a_certificate_of_the_authority(bench):
    files, others = make_certificates(bench.folder / "tls"), make_certificates(bench.folder / "others")
    gateway = gateway_with(bench, {
        "name": "inbox", "driver": "coap", "listen": {"port": 0},
        "dtls": {"certificate": str(files / "server.pem"), "private_key": str(files / "server.key"), "ca": str(files / "ca.pem")},
        "devices": [{"name": "node", "tags": [{"name": "t", "path": "/t"}]}, *(
            {"name": name, "root": f"/{name}", "dtls": {"common_name": name}, "tags": [{"name": "t", "path": "/t"}]} for name in ("localhost", "elsewhere"))]})
    url = f"coaps://127.0.0.1:{listening_port(gateway)}"

    def post(number, path, own, authority):
        return coap_client("-B", "5", "-m", "post", "-c", own / "server.pem", "-j", own / "server.key", "-C", authority / "ca.pem",
                           "-e", number, url + path).stderr
    post(1, "/t", files, files)
    becomes(gateway, "node.t", 1)
    post(66, "/t", others, files)
    coap_client("-B", "3", "-m", "post", "-e", "66", f"{url}/t")
    expect_equal(value(gateway, "node.t")["value"], 1, "strangers change nothing")
    post(2, "/localhost/t", files, files)
    becomes(gateway, "localhost.t", 2)
    expect("4.03" in post(66, "/elsewhere/t", files, files), "whose certificate has another common name is refused")
    expect_equal(events(gateway).get("refused: nobody posts this here"), 1)


run(a_resource_is_polled_commanded_and_read_in_blocks, an_observed_resource_tells_by_itself, dtls_with_a_key_and_with_certificates,
    a_device_says_what_it_has, posts_reach_the_broker_and_are_answered_when_durable, posts_by_dtls_are_those_of_the_identity,
    posts_by_dtls_need_a_certificate_of_the_authority)
