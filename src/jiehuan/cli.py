"""The commands of the program, and the only place that reads settings.

``JIEHUAN_DATABASE`` names a PostgreSQL to work on; without it we bring our own.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from jiehuan.core.errors import JiehuanError, UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Any

    from jiehuan.serve.wallet import WalletSettings

DATABASE = "JIEHUAN_DATABASE"

app = typer.Typer(
    name="jiehuan",
    help="借还: an open consumer-credit engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sandbox = typer.Typer(
    help="Partners to try against, on this machine only: no account, no money.",
    no_args_is_help=True,
)
app.add_typer(sandbox, name="sandbox")

Data = Annotated[
    Path | None, typer.Option("--data", help="Directory of the database; made if it is not there.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Port = Annotated[int, typer.Option("--port", help="Port of the page; 0 takes a free one.")]
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


@app.callback()
def _program() -> None:
    """借还: an open consumer-credit engine."""


def main() -> None:
    """Run the command that the arguments name; exit with 2 if they are wrong, 1 if it failed."""
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except JiehuanError as error:
        _fail(error, 1)


def _fail(error: JiehuanError, status: int) -> None:
    for line in str(error).splitlines() or [type(error).__name__]:
        print(f"jiehuan: {line}", file=sys.stderr)
    raise SystemExit(status)


@contextlib.contextmanager
def database(data: Path | None, console: Console) -> Iterator[str]:
    """Yield the address of a database, up for as long as it is used.

    It is the one that ``JIEHUAN_DATABASE`` names, else our own in ``data``, else our own in a
    temporary directory that goes at the end.

    Raises:
        UsageError: Both are named.
    """
    from jiehuan.store.server import Server

    named = os.environ.get(DATABASE, "")
    if named and data:
        raise UsageError(f"{DATABASE} names a database, and so does --data; name one of them")
    if named:
        yield named
        return

    def tell(message: str) -> None:
        console.print(message)

    with Server(data, tell=tell) if data else Server.temporary(tell=tell) as server:
        yield server.dsn


@app.command()
def demo(
    *,
    people: Annotated[
        int | None,
        typer.Option("--people", min=0, help="Only so many clients; 0: an empty book."),
    ] = None,
    months: Annotated[
        int, typer.Option("--months", min=1, max=6, help="Only so many statements.")
    ] = 6,
    source: Annotated[
        Path | None, typer.Option("--input", help="Another Parquet file of the same columns.")
    ] = None,
    data: Data = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Go on with the book that --data holds.")
    ] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End without serving the page.")
    ] = False,
    port: Port = 0,
    as_json: Json = False,
) -> None:
    """Run a real book of credit cards from application to write-off, then show it."""
    from jiehuan.simulate import demo as job
    from jiehuan.simulate import people as clients
    from jiehuan.simulate import show

    if keep and not data and not os.environ.get(DATABASE):
        raise UsageError("--keep goes on with the book that --data holds; name its directory")
    console = Console(stderr=True)
    chosen = clients.read(source or clients.shipped(), people)
    with database(data, console) as dsn:
        with show.bar(console, "jiehuan demo") as tell:
            job.prepare(dsn, keep=keep)
            outcome = job.play(dsn, chosen, months, tell)
        if as_json:
            print(json.dumps(outcome.to_json(), ensure_ascii=False), flush=True)
        else:
            out = Console()
            for table in show.tables(outcome):
                out.print(table)
        if not no_serve:
            _show(dsn, data, port, console, outcome.to_json())
    if outcome.breaches:
        raise SystemExit(1)


def _show(
    dsn: str, data: Path | None, port: int, console: Console, told: "Mapping[str, Any]"
) -> None:
    """Serve the demo's page: both books, a phone, and the wallet beside it."""
    import tempfile

    from jiehuan.serve import demo as live
    from jiehuan.serve import run as web
    from jiehuan.serve.vault import KEY_VARIABLE, key_of
    from jiehuan.simulate.run import BOOK

    bound = web.bind("127.0.0.1", port)
    live.make_phone_book(dsn)
    with contextlib.ExitStack() as stack:
        beside = data / "wallet" if data else None
        if beside is None:
            beside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiehuan-")))
        beside.mkdir(mode=0o700, exist_ok=True)
        key = key_of(beside, os.environ.get(KEY_VARIABLE, ""), fresh=True)
        shown = stack.enter_context(live.page(dsn, beside, bound, key, BOOK, told))
        web.serve(
            shown,
            bound,
            lambda address: console.print(f"[bold]{address}[/bold]  (Ctrl-C ends it)"),
        )


@app.command(
    epilog="Example: jiehuan train clients.parquet --target default_next_month --out models"
)
def train(
    table: Annotated[Path, typer.Argument(metavar="DATA", help="Parquet, one row a subject.")],
    *,
    target: Annotated[str, typer.Option("--target", help="Column: 1 where the subject defaulted.")],
    out: Annotated[Path, typer.Option("--out", help="Directory for the scorecard's file.")],
    name: Annotated[
        str, typer.Option("--name", help="application or behaviour, or a name of yours.")
    ] = "behaviour",
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="What to look at instead; repeat it.")
    ] = None,
    subject: Annotated[
        str, typer.Option("--subject", help="Column with the number of the subject.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a scorecard from a table of history, and measure it out of fold."""
    from jiehuan.risk.training import train_file

    with Console(stderr=True).status("training"):
        made = train_file(table, target, name, feature or (), subject)
    file = out / f"{made.name}.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made.model)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    told = {
        "model": str(file), "sha256": made.sha256, "features": list(made.features),
        "rows": made.rows, "bads": made.bads, "auc": round(made.auc, 4), "ks": round(made.ks, 4),
        "auc_seen": round(made.auc_seen, 4),
    }  # fmt: skip
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for key, value in told.items():
            print(f"{key:10} {', '.join(value) if isinstance(value, list) else value}")


def _books_there(data: Path | None) -> None:
    """Refuse to make a database where one is to be looked at.

    Raises:
        UsageError: None is named, or there is none.
    """
    if not data and not os.environ.get(DATABASE):
        raise UsageError(f"say which books: name their directory with --data, or set {DATABASE}")
    if data and not data.is_dir():
        raise UsageError(f"{data} is not a directory; there are no books")


@app.command()
def audit(
    *,
    data: Data = None,
    book: Annotated[
        int | None, typer.Option("--book", help="Number of a book; without it, all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Derive all that is stored again from the journal; exit with 1 if anything differs."""
    from jiehuan.reports import audit as report
    from jiehuan.store.database import connect
    from jiehuan.store.sessions import Session

    _books_there(data)
    console = Console(stderr=True)
    with (
        database(data, console) as dsn,
        connect(dsn, Session.READER) as conn,
        console.status("audit") as status,
    ):
        audits = report.audit_all(conn, book, lambda what: status.update(f"audit: {what}"))
    for one in audits:
        print(json.dumps(one.to_json(), ensure_ascii=False) if as_json else one.text())
    if any(one.breaches for one in audits):
        raise SystemExit(1)


@app.command()
def replay(
    number: Annotated[
        int, typer.Argument(metavar="DECISION", help="Its number: the seq of its command.")
    ],
    *,
    data: Data = None,
    book: Annotated[int, typer.Option("--book", help="Number of the book.")] = 1,
    as_json: Json = False,
) -> None:
    """Make a decision again from what it was made of; exit with 1 if it comes out otherwise."""
    from jiehuan.reports.replay import replayed
    from jiehuan.store.database import connect
    from jiehuan.store.sessions import Session

    _books_there(data)
    with database(data, Console(stderr=True)) as dsn, connect(dsn, Session.READER) as conn:
        again = replayed(conn, book, number)
    print(json.dumps(again.to_json(), ensure_ascii=False) if as_json else again.text())


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
        _books_there(data)
    if courier_token_file and not wechat:
        raise UsageError("--courier-token-file is for what goes through --wechat; name both")
    # What is wrong is told before a database is made.
    bind(host, port).close()
    first = (new, days.parse(on)) if new else None
    given = _bytes(policy), _bytes(model)
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

    token = _bytes(courier_token_file).decode(errors="replace").strip()
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
        print(line, flush=True)

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


def _bytes(file: Path | None) -> bytes:
    """Read a file that an option names."""
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


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
