"""Code that checks a signature, for a customer to copy. The tests run it where its interpreter is installed.

Each refuses a changed body, an old timestamp and a wrong secret. The secret is read from the environment: code is
no place for it, but for somebody who wants to try it now.
"""

from dataclasses import dataclass

KEY = "whpk_PUBLIC_KEY"


@dataclass(frozen=True)
class Snippet:
    """A function that checks a request, in one language."""

    key: str
    language: str
    code: str
    reads: str = ""
    """Where the code reads the secret from the environment."""
    needless: str = ""
    """A line that is not needed when it does not."""

    def filled(self, secret: str) -> "Snippet":
        """The same with the secret in it."""
        quote = "'" if self.key == "php" else '"'
        code = self.code.replace(self.reads, f"{quote}{secret}{quote}").replace(self.needless, "")
        return Snippet(self.key, self.language, code)

    def with_key(self, public_key: str) -> "Snippet":
        """The same with a public key in it."""
        return Snippet(self.key, self.language, self.code.replace(KEY, public_key))


PYTHON = '''\
import base64, hashlib, hmac, time
from os import environ

SECRET = base64.b64decode(environ["WEBHOOK_SECRET"].removeprefix("whsec_"))


def is_ours(body: bytes, headers: dict[str, str]) -> bool:
    """Check a request: its body as it arrived, and its headers in lower case."""
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{message_id}.{sent_at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(expected, signature) for signature in given)
'''

NODE = """\
const crypto = require("node:crypto");

const SECRET = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");

// Check a request: its body as a Buffer, as it arrived, and its headers in lower case.
function isOurs(body, headers) {
  const id = headers["webhook-id"] || "", sentAt = headers["webhook-timestamp"] || "";
  if (!/^\\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${sentAt}.`), body]);
  const expected = Buffer.from("v1," + crypto.createHmac("sha256", SECRET).update(signed).digest("base64"));
  return (headers["webhook-signature"] || "").split(" ").some((given) => {
    const signature = Buffer.from(given);
    return signature.length === expected.length && crypto.timingSafeEqual(signature, expected);
  });
}
"""

PHP = """\
<?php
// Check a request: its body as it arrived (file_get_contents("php://input")), and its headers in lower case.
function is_ours(string $body, array $headers): bool {
    $secret = base64_decode(preg_replace('/^whsec_/', '', $_SERVER['WEBHOOK_SECRET'] ?? ''));
    $id = $headers['webhook-id'] ?? '';
    $sent_at = $headers['webhook-timestamp'] ?? '';
    if (!ctype_digit($sent_at) || abs(time() - (int) $sent_at) > 300) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent_at.$body", $secret, true));
    foreach (explode(' ', $headers['webhook-signature'] ?? '') as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
"""

GO = """\
package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// IsOurs checks a request: its body as it arrived, and its headers.
func IsOurs(body []byte, header http.Header) bool {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil {
		return false
	}
	id, sentAt := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sentAt, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + sentAt + "."))
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, signature := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), expected) {
			return true
		}
	}
	return false
}
"""

CURL = """\
# Send a signed event to your own server, for example while you develop it.
URL=${URL:-http://localhost:3000/webhook}
BODY='{"hook": "message.created", "payload": {"content": "Hello"}}'
ID=evt_test SENT_AT=$(date +%s)
SECRET="$WEBHOOK_SECRET"
KEY=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
SIGNATURE=$(printf %s "$ID.$SENT_AT.$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)
curl --request POST "$URL" --header "content-type: application/json" --header "webhook-id: $ID" \\
  --header "webhook-timestamp: $SENT_AT" --header "webhook-signature: v1,$SIGNATURE" --data-binary "$BODY"
"""

PUBLIC_PYTHON = '''\
import base64, time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode("whpk_PUBLIC_KEY".removeprefix("whpk_")))


def is_ours(body: bytes, headers: dict[str, str]) -> bool:
    """Check a request: its body as it arrived, and its headers in lower case."""
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{message_id}.{sent_at}.".encode() + body
    for signature in headers.get("webhook-signature", "").split():
        try:
            if signature.startswith("v1a,"):
                KEY.verify(base64.b64decode(signature[4:]), signed)
                return True
        except (InvalidSignature, ValueError):
            pass  # it may be one of a key that is no longer used
    return False
'''

PUBLIC_NODE = """\
const crypto = require("node:crypto");

const RAW = Buffer.from("whpk_PUBLIC_KEY".replace(/^whpk_/, ""), "base64");
const DER = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), RAW]);
const KEY = crypto.createPublicKey({ key: DER, format: "der", type: "spki" });

// Check a request: its body as a Buffer, as it arrived, and its headers in lower case.
function isOurs(body, headers) {
  const id = headers["webhook-id"] || "", sentAt = headers["webhook-timestamp"] || "";
  if (!/^\\d+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${sentAt}.`), body]);
  return (headers["webhook-signature"] || "").split(" ").some((given) =>
    given.startsWith("v1a,") && crypto.verify(null, signed, KEY, Buffer.from(given.slice(4), "base64")));
}
"""

SNIPPETS = (
    Snippet("python", "Python", PYTHON, 'environ["WEBHOOK_SECRET"]', "from os import environ\n"),
    Snippet("node", "Node.js", NODE, "process.env.WEBHOOK_SECRET"),
    Snippet("php", "PHP", PHP, "$_SERVER['WEBHOOK_SECRET'] ?? ''"),
    Snippet("go", "Go", GO, 'os.Getenv("WEBHOOK_SECRET")', '\t"os"\n'),
    Snippet("curl", "curl", CURL, '"$WEBHOOK_SECRET"'),
)
PUBLIC_SNIPPETS = (
    Snippet("public-python", "Python", PUBLIC_PYTHON),
    Snippet("public-node", "Node.js", PUBLIC_NODE),
)
"""The same with the public key of a destination."""
