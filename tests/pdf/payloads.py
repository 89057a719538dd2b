"""Texts that would read a file, connect to a network or break the page if treated as markup."""

from __future__ import annotations


def payloads(port: int, secret: str) -> tuple[str, ...]:
    """Forty hostile texts aimed at a listener on `port` and at the file `secret`."""
    web, file = f"http://127.0.0.1:{port}", f"file://{secret}"
    return (
        f"<img src={file}>",
        f'<img src="{web}/a.png">',
        f'<link rel=attachment href="{file}">',
        f'<link rel="stylesheet" href="{web}/a.css">',
        f"<a rel=attachment href='{file}'>x</a>",
        f"<style>@import url({web}/i.css);</style>",
        f"@import url('{web}/j.css');",
        f"<style>@font-face{{font-family:x;src:url({web}/f.woff)}}*{{font-family:x}}</style>",
        f"<style>body{{background:url({web}/b.png)}}</style>",
        f'" style="background:url({web}/c.png)',
        f"' style='background:url({web}/d.png)'",
        f"<svg><image href='{web}/s.png'/></svg>",
        f"<svg xmlns='http://www.w3.org/2000/svg'><image xlink:href='{file}'/></svg>",
        f"<object data='{file}'></object>",
        f"<embed src='{web}/e.svg' type='image/svg+xml'>",
        f"<iframe src='{file}'></iframe>",
        f"<script>fetch('{web}/x')</script>",
        f"<base href='{web}/'>",
        f"<meta http-equiv=refresh content='0;url={web}'>",
        f'<img src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"><image href="{file}"/></svg>\'>',
        "<img src=gopher://127.0.0.1:70/1>",
        "<img src=\\\\127.0.0.1\\share\\x.png>",
        "<img src=ftp://127.0.0.1/x>",
        "<img src='evidence:t/other/orig/abc'>",
        "<img src='asset:../../../etc/passwd'>",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{{ config }}",
        "</title><h1>x</h1>",
        "</body></html><h1>after</h1>",
        "<!-- comment",
        "]]><x>",
        "</style><img src=x>",
        "<table><tr><td>",
        "</td></tr></table>",
        "<br>" * 50,
        "<input type=file><button>x</button>",
        f"<video src='{web}/v.mp4' poster='{web}/p.png'></video>",
        f"&lt;img src={web}/y.png&gt; &#60;b&#62;",
        f"url({web}/z) expression(alert(1)) javascript:alert(1)",
    )
