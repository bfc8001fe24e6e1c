"""Made-up tokens of many providers, put where people put them: their shapes are written down here anew."""

from hashlib import shake_256

import pytest

from grace.hunter.secrets.examples import token

SHAPES = {
    "aws id": "AKIA<base32:16>",
    "github": "ghp_<base62:30><crc32>",
    "github actions": "ghs_<base62:30><crc32>",
    "github fine": "github_pat_<base62:22>_<base62:59>",
    "gitlab": "glpat-<base62:20>",
    "gitlab runner": "glrt-<base62:20>",
    "slack bot": "xoxb-<digits:11>-<digits:12>-<base62:24>",
    "slack user": "xoxp-<digits:11>-<digits:11>-<digits:12>-<hex:32>",
    "slack hook": "https://hooks.slack.com/services/T<upper36:8>/B<upper36:8>/<base62:24>",
    "stripe": "sk_live_<base62:99>",
    "stripe restricted": "rk_live_<base62:24>",
    "google": "AIza<base64url:35>",
    "google oauth": "GOCSPX-<base62:28>",
    "openai": "sk-proj-<base62:74>T3BlbkFJ<base62:74>",
    "anthropic": "sk-ant-api03-<base62:93>AA",
    "npm": "npm_<base62:30><crc32>",
    "pypi": "pypi-AgEIcHlwaS5vcmc<base62:140>",
    "sendgrid": "SG.<base62:22>.<base62:43>",
    "digitalocean": "dop_v1_<hex:64>",
    "heroku": "HRKU-AA<base62:58>",
    "cloudflare": "cfut_<base62:40><hex:8>",
    "databricks": "dapi<hex:32>",
    "hugging face": "hf_<letters:34>",
    "telegram": "<digits:9>:AA<base62:33>",
    "shopify": "shpat_<hex:32>",
    "square": "sq0atp-<base62:22>",
    "postman": "PMAK-<hex:24>-<hex:34>",
    "linear": "lin_api_<base62:40>",
    "notion": "ntn_<digits:11><base62:35>",
    "doppler": "dp.pt.<base62:43>",
    "vault": "hvs.<base62:95>",
    "terraform": "<base62:14>.atlasv1.<base62:67>",
    "grafana": "glsa_<base62:32>_<hex:8>",
    "new relic": "NRAK-<upper36:27>",
    "sentry": "sntryu_<hex:64>",
    "jwt": "<jwt-header>.<jwt-claims:30>.<base62:43>",
    "azure storage": "DefaultEndpointsProtocol=https;AccountName=s;AccountKey=<base64:86>==",
    "azure client": "<base62:3>7Q~<base62:34>",
    "postgres": "postgresql://shop:<base62:16>@db.shop.io/shop",
    "amqp": "amqps://worker:<base62:20>@mq.shop.io:5671/",
    "private key": "-----BEGIN EC PRIVATE KEY-----\\n<base64:64>\\n<base64:64>\\n-----END EC PRIVATE KEY-----",
    "tailscale": "tskey-auth-<base62:10>CNTRL-<base62:32>",
    "docker": "dckr_pat_<base62:27>",
    "rubygems": "rubygems_<hex:48>",
    "dynatrace": "dt0c01.<base32:24>.<base32:64>",
    "supabase": "sbp_<hex:40>",
    "mailgun": "key-<hex:32>",
    "brevo": "xkeysib-<hex:64>-<base62:16>",
    "discord hook": "https://discord.com/api/webhooks/<digits:18>/<base62:68>",
    "age": "AGE-SECRET-KEY-1<bech32:52><bech32-checksum>",
}
PLACES = {
    "settings.py": 'import os\n\nCLIENT = connect("{}", timeout=3)\n',
    "config.yaml": "service:\n  credential: {}\n  retries: 3\n",
    ".env": "DEBUG=1\nSERVICE={}\n",
    "package.json": '{{"config": {{"service": "{}"}}}}\n',
    "app.ini": "[service]\nvalue = {}\n",
    "run.sh": "#!/bin/sh\nexport SERVICE='{}'\n",
    "README.md": "Call it so:\n\n```\nservice --as {}\n```\n",
    "Dockerfile": "FROM scratch\nENV SERVICE={}\n",
    "app.ts": "const client = new Service(`{}`);\n",
    "notebook.ipynb": '{{"cells": [{{"source": ["key = \\"{}\\"\\n"]}}]}}\n',
}
TOKENS = [
    (provider, token(shape, f"{provider} {at}"), place)
    for number, (provider, shape) in enumerate(SHAPES.items())
    for at, place in enumerate([list(PLACES)[(number + step) % len(PLACES)] for step in (0, 3, 7)])
]


def test_nearly_all_tokens_of_many_providers_are_found(found):
    missed = [(provider, place) for provider, value, place in TOKENS if not found(PLACES[place].format(value), place)]
    assert len(TOKENS) >= 100
    assert len(SHAPES) >= 30
    assert len(missed) <= 0.02 * len(TOKENS), missed


@pytest.mark.parametrize("alphabet", ["base62:20", "base62:32", "hex:32", "hex:64", "base64:40", "lower36:24"])
@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", 'db_password = "{}"'),
        ("a.py", 'conf["api_key"]: str = "{}"'),
        ("a.py", 'connect(host, password="{}")'),
        ("a.py", 'key = os.getenv("SECRET_KEY", "{}")'),
        ("a.py", "if request.token == '{}':"),
        ("a.js", "const apiKey = `{}`;"),
        ("a.java", 'builder.setClientSecret("{}");'),
        ("a.go", 'AuthToken: "{}",'),
        ("a.go", 'apiSecret := "{}"'),
        ("a.rb", ":secret_key_base => '{}'"),
        ("a.json", '  "client_secret": "{}",'),
        ("a.yaml", "  accessToken: {}"),
        ("a.toml", 'signing-key = "{}"'),
        ("a.ini", "smtp_password = {}"),
        ("a.properties", "spring.datasource.password={}"),
        ("a.env", "JWT_SECRET={}"),
        ("a.sh", "export API_TOKEN={}"),
        ("a.sh", "tool --password {}"),
        ("a.xml", "<password>{}</password>"),
        ("a.md", "    SECRET_TOKEN={}"),
        ("a.ipynb", '"api_key = \\"{}\\"\\n",'),
        ("Dockerfile", "ENV ENCRYPTION_KEY {}"),
    ],
)
def test_a_drawn_value_with_a_telling_name_is_found(alphabet, path, line, found):
    values = [token(f"<{alphabet}>", f"{path} {at}") for at in range(20)]
    missed = [value for value in values if "named-credential" not in found(line.format(value) + "\n", path)]
    assert len(missed) <= 1, missed


def test_keys_with_all_kinds_of_signs_are_found(found):
    """As Django draws them; by chance some of it looks like a format."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"
    drawn = ["".join(signs[byte % 50] for byte in shake_256(f"key {at}".encode()).digest(50)) for at in range(200)]
    for beginning in ("", "django-insecure-"):
        missed = [key for key in drawn if not found(f"SECRET_KEY = '{beginning}{key}'", "settings.py")]
        assert len(missed) <= 8, missed


@pytest.mark.parametrize("password", ["k8#Lp2!vQz", "Wm4$rT9xKe", "b7Y-p_3Qw!"])
def test_a_strong_password_is_found_although_it_is_short(password, found):
    assert found(f'password = "{password}"') == ["named-credential"]
    assert found(f'nickname = "{password}"') == []
