"""coap-server and coap-client, libcoap's own, as peers; what the tests of CoAP share."""
import re
import subprocess

from harness import Program, free_port, wait_for

KEY = "a-shared-secret"


class CoapServer:
    """coap-server listens on port and, with DTLS, on port + 1; it takes no port 0."""

    def __init__(self, bench, *options):
        for _ in range(20):
            self.port = free_port()
            self.program = Program(bench, "coap-server", ["coap-server-openssl", "-A", "127.0.0.1", "-p", self.port, *options])
            if coap_client(f"coap://127.0.0.1:{self.port}/", "-B", "2").stdout:
                return
            self.program.kill()
        raise AssertionError("coap-server does not start")


def coap_client(*arguments, timeout=120):
    return subprocess.run(["coap-client-openssl", *map(str, arguments)], capture_output=True, text=True, timeout=timeout)


def gateway_with(bench, *channels, broker=None):
    config = {"gateway": {"id": "c"}, "channels": list(channels)}
    if broker:
        config["uplinks"] = [{"name": "cloud", "mqtt": {"url": broker.url}}]
    return bench.gateway(config)


def secret(bench, name, text):
    folder = bench.folder / "gateway"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return f"!secret {name}"


def channel(name, port, tags, **more):
    device = {"name": f"{name}_server", "host": "127.0.0.1", "port": port, "every": "200ms", **more.pop("device", {}), "tags": tags}
    return {"name": name, "driver": "coap", "devices": [device], **more}


def value(gateway, tag):
    return gateway.get(f"/api/v1/values/{tag}")


def becomes(gateway, tag, wanted):
    wait_for(lambda: value(gateway, tag)["quality"] == "good" and value(gateway, tag)["value"] == wanted,
             lambda: f"{tag} to be {wanted}: {value(gateway, tag)}")


def is_good(gateway, tag):
    wait_for(lambda: value(gateway, tag)["quality"] == "good", lambda: f"{tag} to be good: {value(gateway, tag)}")


def events(gateway, name="inbox"):
    return next(one for one in gateway.get("/api/v1/channels")["channels"] if one["name"] == name).get("events", {})


def listening_port(gateway):
    line = gateway.program.wait_for_log("listens on udp port")
    return int(re.search(r"udp port (\d+)", line).group(1))


INBOX = {"name": "inbox", "driver": "coap", "listen": {"port": 0}, "devices": [
    {"name": "porch", "root": "/porch", "tags": [{"name": "t", "path": "/t"}]},
    {"name": "roof", "tags": [{"name": name, "path": "/roof", "record": f"urn:dev:1:{name}"} for name in ("wind", "rain")]}]}
