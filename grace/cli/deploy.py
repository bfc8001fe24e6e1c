"""`grace deploy`: what GRACE has to offer, on a Prefect server."""

import sys
from dataclasses import asdict

from grace.cli import answer
from grace.cli.launch import refuse_foreign_packages
from grace.cli.prefect_runtime import running_server
from grace.errors import EnvironmentLacking
from grace.settings import Settings, enter_environment, prefect_environment


def deploy(*, as_json: bool) -> int:
    """Register work pool, deployments and automations. Raises EnvironmentLacking when no server answers."""
    refuse_foreign_packages()
    settings = Settings()
    api_url = running_server(settings)
    if api_url is None:
        raise EnvironmentLacking(
            "No Prefect server is running here. Start one with `grace up`, which also deploys, "
            "or set PREFECT_API_URL to the server to deploy to."
        )
    enter_environment(prefect_environment(settings, api_url=api_url))
    from deployments.register import register

    registered = register()
    if as_json:
        answer.write({"status": "ok", "prefect_api": api_url, "registered": [asdict(each) for each in registered]})
    else:
        for each in registered:
            sys.stdout.write(f"{each.action:<10}{each.kind:<12}{each.name}\n")
    return 0
