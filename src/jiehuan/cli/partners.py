"""``jiehuan courier`` and ``jiehuan sandbox``: the way to a partner, and one to try against."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import app, bytes_of, sandbox
from jiehuan.core.errors import UsageError


@app.command(
    epilog="Example: jiehuan courier --service http://127.0.0.1:8000 --wechat wechat.json"
    " --courier-token-file courier.token"
)
def courier(
    *,
    service: Annotated[str, typer.Option("--service", help="Address of `jiehuan serve`.")],
    wechat: Annotated[
        Path, typer.Option("--wechat", help="The account: as `sandbox wechat --print-config`.")
    ],
    courier_token_file: Annotated[
        Path, typer.Option("--courier-token-file", help="Holds what the service was given.")
    ],
    notify_url: Annotated[
        str, typer.Option("--notify-url", help="Where notices come; else the service's own.")
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Visit what is due now, then end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: a line a visit, or one object.")
    ] = False,
) -> None:
    """Carry the book's instructions to WeChat Pay and its answers back, until stopped."""
    from jiehuan.channels import runner
    from jiehuan.channels.wechat_settings import Settings

    token = bytes_of(courier_token_file).decode(errors="replace").strip()
    if not token:
        raise UsageError(f"{courier_token_file} is empty")
    errand = runner.Errand(
        service=service.rstrip("/"),
        token=token,
        settings=Settings.from_file(wechat),
        notify_url=notify_url,
    )
    if once:
        told = runner.once(errand)
        shown = (f"{name:10} {count}" for name, count in told.items())
        print(json.dumps(told) if as_json else "\n".join(shown))
        return

    def tell(line: str) -> None:
        print(f"{line}\n", end="", flush=True)  # at once: several threads tell

    runner.run(errand, tell, Console(stderr=True).print, as_json=as_json)


@sandbox.command(
    epilog="Example: jiehuan sandbox wechat --data pay --port 9000; then, where your program runs,"
    " export what --print-config tells under env."
)
def wechat(
    *,
    data: Annotated[
        Path, typer.Option("--data", help="Directory of keys and of what happened; made if new.")
    ],
    port: Annotated[int, typer.Option("--port", help="Port of this machine; 0 takes a free one.")],
    keys: Annotated[
        str, typer.Option("--keys", help="The merchant has: both, public (a key), certificate.")
    ] = "both",
    speed: Annotated[
        float, typer.Option("--speed", help="Divides the waits between notifications.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the faults that hit by chance.")] = 0,
    people: Annotated[
        Path | None, typer.Option("--people", help="Other test people: a file like people.toml.")
    ] = None,
    close_delay: Annotated[
        int,
        typer.Option("--close-delay", min=0, help="Seconds from a transfer's 24 hours to FAIL."),
    ] = 900,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print what a program needs, as JSON, and end.")
    ] = False,
) -> None:
    """Be WeChat Pay (API v3): its API, its pages, its notifications, and what goes wrong."""
    from jiehuan.channels.sandbox import run
    from jiehuan.channels.sandbox.settings import Settings

    settings = Settings(speed=speed, seed=seed, close_delay_s=close_delay)
    if print_config:
        print(json.dumps(run.configuration(data, port, keys, people), ensure_ascii=False, indent=1))
        return
    console = Console(stderr=True)
    run.serve(
        *(data, port, keys, people, settings),
        lambda address: console.print(f"[bold]{address}[/bold]  (Ctrl-C ends it)"),
    )
