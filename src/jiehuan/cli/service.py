"""``jiehuan serve``: the API and the pages of a book."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from jiehuan.cli.program import DATABASE, Data, Port, app, books_there, bytes_of, database
from jiehuan.core.errors import UsageError

if TYPE_CHECKING:
    import socket

    from jiehuan.serve.wallet import WalletSettings

Wechat = Annotated[
    Path | None, typer.Option("--wechat", help="The account: as `sandbox wechat --print-config`.")
]
CourierToken = Annotated[
    Path | None,
    typer.Option("--courier-token-file", help="What the courier shows; made if not there."),
]
PublicUrl = Annotated[
    str, typer.Option("--public-url", help="Where phones reach us; else our own address.")
]


@app.command()
def serve(  # noqa: PLR0913  # one argument an option
    *,
    data: Data = None,
    book: Annotated[int, typer.Option("--book", min=0, max=32_767, help="Number of the book.")] = 1,
    host: Annotated[str, typer.Option("--host", help="An address of this machine.")] = "127.0.0.1",
    port: Port = 8000,
    new: Annotated[
        str, typer.Option("--new", metavar="CURRENCY", help="Make the book if it is not there.")
    ] = "",
    on: Annotated[
        str, typer.Option("--on", metavar="DAY", help="First day of a new book: 2026-01-01.")
    ] = "2026-01-01",
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Who gets credit: a file like policy.toml.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="The scorecard that the policy names.")
    ] = None,
    wechat: Wechat = None,
    courier_token_file: CourierToken = None,
    public_url: PublicUrl = "",
) -> None:
    """Serve the API and the overview page of a book, on this machine only.

    With --wechat also what a wallet needs: the pages for phones, the address for the
    partner's notices, and, with --courier-token-file, the desk of `jiehuan courier`.
    """
    from jiehuan.core import days
    from jiehuan.serve.opening import make_ready
    from jiehuan.serve.run import address_of, bind

    if not new:
        books_there(data)
    if courier_token_file and not wechat:
        raise UsageError("--courier-token-file is for what goes through --wechat; name both")
    # What is wrong is told before a database is made.
    bind(host, port).close()
    first = (new, days.parse(on)) if new else None
    given = bytes_of(policy), bytes_of(model)
    with database(data, console := Console(stderr=True)) as dsn:
        make_ready(dsn, book, first, *given)
        with contextlib.closing(bind(host, port)) as bound:
            url = (public_url or address_of(bound)).rstrip("/")
            wallet = _wallet(dsn, data, wechat, courier_token_file, url)
            _serve(dsn, book, bound, console, wallet)


def _wallet(
    dsn: str, data: Path | None, wechat: Path | None, courier_token: Path | None, url: str
) -> "WalletSettings | None":
    """Return what a service needs to stand beside a wallet; None if it stands beside none."""
    from jiehuan.serve.opening import WalletFiles, wallet_settings
    from jiehuan.serve.vault import KEY_VARIABLE

    if wechat is None:
        return None
    files = WalletFiles(
        wechat=wechat,
        courier_token=courier_token,
        data=data,
        vault_key=os.environ.get(KEY_VARIABLE, ""),
        lasting=bool(data or os.environ.get(DATABASE)),
    )
    return wallet_settings(dsn, files, url)


def _serve(
    dsn: str,
    book: int,
    bound: "socket.socket",
    console: Console,
    wallet: "WalletSettings | None" = None,
) -> None:
    """Serve a book's pages and API on this machine until interrupted."""
    from jiehuan.serve import run as web
    from jiehuan.serve.app import create_app
    from jiehuan.serve.service import Service

    service = Service.open(dsn, book, f"serve {os.getpid()}")
    try:
        made = create_app(service, wallet=wallet)
    except BaseException:
        service.close()
        raise
    web.serve(
        made, bound, lambda address: console.print(f"[bold]{address}[/bold]  (Ctrl-C ends it)")
    )
