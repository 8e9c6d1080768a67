"""The test bench: a sample that verifies, and code to copy that verifies it and refuses what is not ours."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from portal.extensions import session
from portal.messages.reports import parsing
from portal.models import Account, now
from portal.relay import signing
from portal.relay.testbench import snippets, testing
from tests.support.suite.patience import patient

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = '{"hook": "message.created", "payload": {"content": "çok güzel"}}'.encode()

PYTHON_MAIN = """
import json, sys
given = json.load(sys.stdin)
print(is_ours(bytes.fromhex(given["body"]), given["headers"]))
"""
NODE_MAIN = """
const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(isOurs(Buffer.from(given.body, "hex"), given.headers) ? "True" : "False");
"""
PHP_MAIN = """
$given = json_decode(file_get_contents("php://stdin"), true);
echo is_ours(hex2bin($given["body"]), $given["headers"]) ? "True" : "False";
"""
GO_MAIN = """
func main() {
	var given struct { Body string; Headers map[string]string }
	json.NewDecoder(os.Stdin).Decode(&given)
	body, _ := hex.DecodeString(given.Body)
	header := http.Header{}
	for name, value := range given.Headers { header.Set(name, value) }
	if IsOurs(body, header) { fmt.Print("True") } else { fmt.Print("False") }
}
"""
KEY = Ed25519PrivateKey.generate()
PRIVATE = "whsk_" + base64.b64encode(KEY.private_bytes_raw()).decode()
PUBLIC = "whpk_" + base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
RUNS: dict[str, tuple[str, str, Callable[[str], list[str]]]] = {
    "python": ("py", PYTHON_MAIN, lambda file: [sys.executable, file]),
    "node": ("js", NODE_MAIN, lambda file: ["node", file]),
    "php": ("php", PHP_MAIN, lambda file: ["php", file]),
    "go": ("go", GO_MAIN, lambda file: ["go", "run", file]),
}


def runner(snippet, key: str, folder: Path, name: str = "check") -> Callable[[bytes, dict[str, str]], str]:
    """What runs a snippet and says whether it takes a request."""
    suffix, main, command = RUNS[key]
    if key != "python" and shutil.which(key) is None:
        pytest.skip(f"{key} is not installed here")
    code = snippet.code
    if key == "go":
        code = code.replace("package webhooks", "package main").replace(
            "import (\n", 'import (\n\t"encoding/hex"\n\t"encoding/json"\n\t"fmt"\n\t"os"\n'
        )
        code = code.replace('\t"os"\n', "", 1) if code.count('\t"os"\n') > 1 else code
    file = folder / f"{name}.{suffix}"
    file.write_text(code + main)

    def says(body: bytes, headers: dict[str, str]) -> str:
        done = subprocess.run(
            command(str(file)),
            input=json.dumps({"body": body.hex(), "headers": headers}),
            env={**os.environ, "WEBHOOK_SECRET": SECRET},
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(120),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return says


def signed(body: bytes = BODY, secret: str = SECRET, ago: int = 0) -> dict[str, str]:
    at = now().replace(microsecond=0) - timedelta(seconds=ago)
    return signing.headers("evt_1", at, body, [SecretStr(secret)])


@pytest.mark.parametrize("key", RUNS)
def test_a_snippet_takes_what_is_ours_and_nothing_else(key, tmp_path):
    snippet = next(snippet for snippet in snippets.SNIPPETS if snippet.key == key)
    says, says_filled = runner(snippet, key, tmp_path), runner(snippet.filled(SECRET), key, tmp_path, "filled")
    good = signed()
    other = signed(secret="whsec_" + "A" * 32)
    both = {**good, "webhook-signature": f"{other['webhook-signature']} {good['webhook-signature']}"}
    assert [says(BODY, good), says(BODY, both)] == ["True"] * 2
    refused = [
        (BODY + b" ", good),
        (BODY, signed(ago=600)),
        (BODY, other),
        (BODY, {}),
        (BODY, {**good, "webhook-id": "x"}),
    ]
    assert [says(*each) for each in refused] == ["False"] * len(refused)
    assert [says_filled(BODY, good), says_filled(BODY, other)] == ["True", "False"]


@pytest.mark.parametrize("key", ["python", "node"])
def test_a_snippet_with_the_public_key_takes_what_is_ours_and_nothing_else(key, tmp_path):
    says = runner(
        next(each for each in snippets.PUBLIC_SNIPPETS if each.key == f"public-{key}").with_key(PUBLIC),
        key,
        tmp_path,
    )
    at = now().replace(microsecond=0)
    other = "whsk_" + base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()

    def signed_by(*keys: str, ago: int = 0) -> dict[str, str]:
        return signing.headers("evt_1", at - timedelta(seconds=ago), BODY, [SecretStr(each) for each in keys])

    assert [says(BODY, signed_by(*keys)) for keys in ((SECRET, PRIVATE), (SECRET, other, PRIVATE))] == ["True"] * 2
    refused = [
        (BODY + b" ", signed_by(SECRET, PRIVATE)),
        (BODY, signed_by(SECRET, PRIVATE, ago=600)),
        (BODY, signed_by(SECRET, other)),
        (BODY, signed_by(SECRET)),
        (BODY, {**signed_by(PRIVATE), "webhook-id": "x"}),
        (BODY, {**signed_by(PRIVATE), "webhook-signature": "v1a,not base64"}),
    ]
    assert [says(*each) for each in refused] == ["False"] * len(refused)


@pytest.mark.parametrize("snippet", snippets.SNIPPETS, ids=lambda each: each.key)
def test_a_filled_snippet_reads_nothing_from_the_environment(snippet):
    filled = snippet.filled(SECRET).code
    assert filled.count(SECRET) == 1
    assert "WEBHOOK_SECRET" not in filled
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert name in filled
    assert "300" in filled or "5*time.Minute" in filled or snippet.key == "curl"


def test_the_script_for_curl_sends_what_verifies(server, tmp_path):
    if not all(map(shutil.which, ("bash", "curl", "openssl"))):
        pytest.skip("curl or openssl is not installed here")
    file = tmp_path / "send.sh"
    file.write_text(snippets.CURL)
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET, "URL": server.url}
    subprocess.run(["bash", str(file)], env=environment, capture_output=True, check=True, timeout=patient(60))
    Webhook(SECRET).verify(server.got[0].body, server.got[0].headers)


def test_a_sample_of_every_event_is_signed_and_shown(customer, server):
    kinds = ["message.created", "channel.created", *parsing.KINDS]
    destination = customer.destination(server, kinds=kinds)
    page = f"/accounts/{customer.account_id}/webhooks/destinations/{destination}/test"
    for kind in ("message.created", "gateway.status"):
        shown = customer.browser.submit(customer.browser.get(page), "Send sample", kind=kind)
        assert "Status 200" in shown.text, shown.text
        assert "thank you" in shown.text
        assert server.ids[-1] in shown.text
        Webhook(customer.secret()).verify(server.got[-1].body, server.got[-1].headers)
    assert customer.forwards == []
    assert "WEBHOOK_SECRET" in customer.browser.get(page).text

    def sampled() -> dict[str, tuple[str, ...]]:
        account = session().get_one(Account, customer.account_id)
        return {kind: parsing.read(testing.sample(account, customer.row, kind)).kinds for kind in parsing.KINDS}

    assert customer.portal.run(sampled) == {kind: (kind,) for kind in parsing.KINDS}


def test_a_sample_that_is_not_accepted_says_so(customer, make_server):
    destination = customer.destination(make_server(status=500))
    page = f"/accounts/{customer.account_id}/webhooks/destinations/{destination}/test"
    shown = customer.browser.submit(customer.browser.get(page), "Send sample")
    assert "Not accepted" in shown.text
    assert "Status 500" in shown.text
