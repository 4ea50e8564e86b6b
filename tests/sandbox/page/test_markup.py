"""Slack's two markups as HTML."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from sandbox.workspace import Workspace
from tests.sandbox.page.helpers import IN_BROWSER

pytestmark = IN_BROWSER

MRKDWN = {
    "*bold* _it_ ~no~ `a *b*`": "<strong>bold</strong> <em>it</em> <s>no</s> <code>a *b*</code>",
    "2*3*4 snake_case_name": "2*3*4 snake_case_name",
    "a &lt;b&gt; &amp;amp;": "a &lt;b&gt; &amp;amp;",
    "*bold _and italic_*": "<strong>bold <em>and italic</em></strong>",
    "```\n<https://a.b|x> *y*\n```": "<pre><code>x *y*</code></pre>",
    "&gt; said\n&gt; so\nthen": "<blockquote>said\nso</blockquote>then",
    ":tada: 10:30:45 :nope:": "🎉 10:30:45 :nope:",
    "<https://a.b/?x=1&amp;y=2|*l*>": (
        '<a href="https://a.b/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">*l*</a>'
    ),
    "<!date^1^{date}|today>": "today",
}
MARKDOWN = {
    "a **b** *c* ~~d~~": "<p>a <strong>b</strong> <em>c</em> <s>d</s></p>",
    "one\ntwo": "<p>one<br>two</p>",
    "see README.md": "<p>see README.md</p>",
    "- [x] do": '<ul><li><input type="checkbox" class="task" disabled="" checked="">do</li></ul>',
    "```js\n<b>\n```": '<pre data-language="js"><code>&lt;b&gt;</code></pre>',
    "<!-- x --> &copy;": "<p>&lt;!-- x --&gt; ©</p>",
    "|a|b|\n|-|-:|\n|1|2|": (
        '<div class="table-scroll"><table><thead><tr><th>a</th><th class="align-right">b</th></tr>'
        '</thead><tbody><tr><td>1</td><td class="align-right">2</td></tr></tbody></table></div>'
    ),
}


@pytest.mark.parametrize(
    ("module", "function", "cases"),
    [("mrkdwn", "renderMrkdwn", MRKDWN), ("markdown", "renderMarkdown", MARKDOWN)],
    ids=["mrkdwn", "markdown"],
)
async def test_markup(
    page: Page, ws: Workspace, module: str, function: str, cases: dict[str, str]
) -> None:
    await page.goto(ws.url)
    rendered = await page.evaluate(
        """async ([module, name, texts]) => {
          const render = (await import(`/static/${module}.js`))[name];
          const { Workspace } = await import("/static/workspace.js");
          const workspace = new Workspace();
          return texts.map((text) => {
            const div = document.createElement("div");
            div.append(render(text, workspace));
            return div.innerHTML;
          });
        }""",
        [module, function, list(cases)],
    )
    assert dict(zip(cases, rendered, strict=True)) == cases
