import pytest

from grace.hunter.secrets.examples import token
from grace.hunter.secrets.names import promises_secret

DRAWN = token("<base62:24>", "placeholders")


@pytest.mark.parametrize(
    "line",
    [
        'password = ""',
        'password = "xxxxxxxxxxxxxxxx"',
        'password = "changeme"',
        'password = "change-me-in-production-please"',
        'password = "P@ssw0rd123!"',
        'api_key = "your-api-key-goes-here-1234"',
        'api_key = "<insert your key here>"',
        'api_key = "AAAAAAAAAAAAAAAAAAAAAAAA"',
        'api_key = "0123456789abcdef0123456789abcdef"',
        'api_key = "abcdabcdabcdabcdabcdabcdabcd"',
        'api_key = "${API_KEY_2_OF_9x7}"',
        'api_key = "{{ vault_api_key_7 }}"',
        'api_key = f"{prefix}-{number}"',
        'api_key = "%(api_key_9)s"',
        'secret = "secret_access_key_of_production"',
        'token = "token"',
        'token = "urn:ietf:params:oauth:token-type:jwt"',
        'token = "https://login.shop.io/oauth2/v2.0/token/9f8e7d"',
        'token_path = "/var/run/secrets/x9Kq/token"',
        'token_url = "q9X2bL7mN4vK8sT1wZ5y"',
        'TOKEN_TYPE = "q9X2bL7mN4vK8sT1wZ5y"',
        'csrf_token_name = "q9X2bL7mN4vK8sT1wZ5y"',
        'password_hash = "$2b$12$KIXQ4b0v5y8z3R7s1t9uOe"',
        'password = "correct-horse-battery-staple"',
        'password = "the user has to type it twice, 8 characters"',
        'secret_key = os.environ["SECRET_KEY"]',
        "token = next(tokens)",
        'access_token_pattern = r"[a-z0-9]{24}\\d+"',
        'public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"',
        'next_page_token = "CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA"',
        'client_secret = "my-dummy-client-secret-9x8y7z6w"',
        'DATABASE_URL = "postgresql://postgres:postgres@localhost:5432/app"',
        'DATABASE_URL = "postgresql://user:password@db.shop.io/app"',
        'DATABASE_URL = "postgresql://{user}:{password}@db.shop.io/app"',
        'DATABASE_URL = "mysql://root:letmein@127.0.0.1/app"',
        'url = "https://user:pa55@example.com/path"',
        'url = "http://www.shop.io:8080/@scope/package"',
        'AWS = "AKIAIOSFODNN7EXAMPLE"',
        'auth = "Basic " + encoded',
    ],
)
def test_what_stands_for_a_secret_is_none(line, found):
    assert found(line) == []


@pytest.mark.parametrize(
    "line",
    [
        *("password: !vault |", "password: *default", "token: ${{ secrets.DEPLOY_TOKEN }}"),
        *("api_key: $(cat /run/key)", "secret: env:SERVICE_SECRET_9A"),
        *("secret_ref: projects/1/secrets/x9K2/versions/3", "password_file: /run/secrets/db9x"),
    ],
)
def test_in_settings_too(line, found):
    assert found(line + "\n", "deploy.yaml") == []


@pytest.mark.parametrize(
    "name",
    [
        *("password", "DB_PASSWORD", "dbPassword", "db-pass", "pwd", "apiKey", "API_KEY", "apikey", "x-api-key"),
        *("SECRET_KEY", "SECRET_KEY_BASE", "clientSecret", "client_secret_prod", "authToken", "accessTokenValue"),
        *("GITHUB_TOKEN_2", "aws.secret.key", "encryptionKey", "mySecret", "redis_passphrase", "dbpassword"),
        *("credentials",),
    ],
)
def test_names_of_secrets(name):
    assert promises_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *("key", "primary_key", "passed", "bypass", "compass", "token_url", "tokenType", "password_field"),
        *("password_min_length", "secret_name", "secretsmanager_arn", "api_key_header", "tokenizer", "has_password"),
        *("csrf_token", "public_token", "password_hash", "hashed_password", "keyboard", "nextPageToken"),
        *("reset_password_label",),
    ],
)
def test_names_of_something_about_secrets(name):
    assert not promises_secret(name)


def test_the_value_decides_too(found):
    assert found(f'api_key = "{DRAWN}"') == ["named-credential"]
    assert found(f'digest = "{DRAWN}"') == []


@pytest.mark.parametrize("line", ["token = {}", "if password > {}:", "secret_key: {}", "    return password, {}"])
def test_in_code_a_literal_has_quotes(line, found):
    assert found(line.format(DRAWN)) == []
