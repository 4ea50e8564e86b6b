"""Places that keep code and its documentation, and how things there are named."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN_ENDS = _words("""
    com org edu gov mil net biz
""")
"""What ends nothing but names of hosts, to anybody's mind."""

FILE_ENDS = _words("""
    as bz cc md mk ml mm mov pl pm ps py rs sc sh so st tf zip
""")
"""Ends of names of files that are those of hosts, too."""

THING_ENDS = FILE_ENDS | _words("""
    abc at be build by call cat data date do dot download env id in info io is it me my name
    nn no of open pi play print pub py read ren run save security select style to top us
    watch zone
""")
"""Ends of names of files and of names in code: of modules, of attributes and of functions."""

FILE_STEMS = _words("""
    main index readme changelog contributing license security setup install uninstall build
    test tests app lib mod config conf conftest utils util helpers manage run start server
    client models views urls settings wsgi asgi deploy bootstrap configure entrypoint
    makefile types variables outputs providers versions terraform backend data locals
""")
"""Files that are called so everywhere."""

_CODE = _words("""
    github.com githubusercontent.com gitlab.com bitbucket.org codeberg.org sr.ht
    sourceforge.net gitee.com huggingface.co crates.io rubygems.org
    packagist.org nuget.org hex.pm metacpan.org hackage.haskell.org pub.dev
    mvnrepository.com central.sonatype.com anaconda.org hub.docker.com jsr.io deno.land
    unpkg.com jsdelivr.net git.kernel.org googlesource.com elixir.bootlin.com
    sourcegraph.com salsa.debian.org gitlab.gnome.org gitlab.freedesktop.org invent.kde.org
    stackoverflow.com stackexchange.com superuser.com serverfault.com askubuntu.com
    readthedocs.io gitbook.io
""")
"""Anybody can keep something there."""

_DOCUMENTS = _words("""
    developer.mozilla.org docs.oracle.com docs.python.org learn.microsoft.com
    docs.microsoft.com dotnet.microsoft.com devblogs.microsoft.com pytorch.org
    tensorflow.org keras.io scipy.org numpy.org pandas.pydata.org docs.djangoproject.com
    scikit-learn.org matplotlib.org nodejs.org react.dev vuejs.org angular.dev angular.io
    svelte.dev kotlinlang.org rust-lang.org docs.rs go.dev golang.org pkg.go.dev
    ruby-doc.org ruby-lang.org php.net perldoc.perl.org cppreference.com cplusplus.com
    developer.apple.com developer.android.com developers.google.com cloud.google.com
    docs.aws.amazon.com docs.github.com docs.gitlab.com docs.docker.com kubernetes.io
    developer.hashicorp.com registry.terraform.io hexdocs.pm elixir-lang.org erlang.org
    clojuredocs.org clojure.org scala-lang.org docs.spring.io palletsprojects.com
    fastapi.tiangolo.com docs.pydantic.dev redis.io postgresql.org sqlite.org dev.mysql.com
    mongodb.com elastic.co jquery.com tc39.es w3.org whatwg.org rfc-editor.org ietf.org
    unicode.org gnu.org man7.org linux.die.net mathworks.com r-project.org
    rdocumentation.org julialang.org wikipedia.org w3schools.com geeksforgeeks.org
    realpython.com bun.sh deno.com nextjs.org docs.slack.dev api.slack.com docs.x.ai lua.org
    docs.unity3d.com docs.godotengine.org laravel.com symfony.com rubyonrails.org
    haskell.org ocaml.org swift.org dart.dev flutter.dev d3js.org threejs.org lodash.com
    expressjs.com socket.io playwright.dev jestjs.io vitest.dev eslint.org
    typescriptlang.org vite.dev tailwindcss.com opencv.org sympy.org docs.ansible.com
    nginx.org apache.org ziglang.org nim-lang.org crystal-lang.org docs.jax.dev
""")
"""Only those who publish them can put something there."""


def keeps_code(host: str) -> bool:
    """Whether anybody keeps code at `host`, or questions about it."""
    return _is_below(host, _CODE)


def keeps_documents(host: str) -> bool:
    """Whether `host` documents software, and nothing else."""
    return _is_below(host, _DOCUMENTS)


_MOST_LABELS = 5
"""No place above has a name of more."""


def _is_below(host: str, places: frozenset[str]) -> bool:
    at = len(host)
    for _ in range(_MOST_LABELS):
        at = host.rfind(".", 0, at)
        if host[at + 1 :] in places:
            return True
        if at < 0:
            return False
    return False
