"""Where requests enter, framework by framework; and what answers do harm."""
# ruff: noqa: E501 - one line a body reads better than many

import textwrap

import pytest

from grace.hunter.taint import analyse


def rules(code: str, path: str = "app.py") -> set[str]:
    detection = analyse({path: textwrap.dedent(code).encode()})
    assert not detection.failures
    return {finding.rule_id for finding in detection.findings if finding.confidence != "low"}


UNTRUSTED = {
    "flask route part": """
        from flask import Flask
        import os
        app = Flask(__name__)
        @app.route("/<name>")
        def h(name):
            os.system("echo " + name)
            return {}
    """,
    "flask blueprint in a factory": """
        from flask import Blueprint, request
        import os
        def make():
            bp = Blueprint("a", __name__)
            @bp.route("/a", methods=["POST"])
            def h():
                os.system(request.values["a"])
                return {}
            return bp
    """,
    "flask class view": """
        from flask import request
        from flask.views import MethodView
        import os
        class H(MethodView):
            def post(self):
                os.system(request.json["a"])
                return {}
    """,
    "flask restful resource": """
        from flask import request
        from flask_restful import Resource
        import os
        class H(Resource):
            def get(self, name):
                os.system(request.args.get("a"))
                return {}
    """,
    "django function": """
        from django.http import HttpResponse
        import os
        def h(request):
            os.system(request.POST.get("a"))
            return HttpResponse("ok")
    """,
    "django class": """
        from django.views import View
        from django.http import JsonResponse
        import os
        class H(View):
            def get(self, request, name):
                os.system("echo " + name)
                return JsonResponse({})
    """,
    "django class by self": """
        from django.views.generic import ListView
        import os
        class H(ListView):
            def get_queryset(self):
                os.system(self.request.GET["a"])
                return []
    """,
    "django rest framework": """
        from rest_framework.views import APIView
        from rest_framework.decorators import api_view
        import os
        @api_view(["POST"])
        def h(request):
            os.system(request.data["a"])
    """,
    "fastapi query": """
        from fastapi import FastAPI
        import os
        app = FastAPI()
        @app.get("/a")
        async def h(q: str | None = None):
            os.system(q)
    """,
    "fastapi router and body": """
        from fastapi import APIRouter
        from pydantic import BaseModel
        import os
        router = APIRouter()
        class Item(BaseModel):
            name: str
            size: int
        @router.post("/a")
        def h(item: Item):
            os.system(item.name)
    """,
    "fastapi request": """
        from fastapi import FastAPI, Request
        import os
        app = FastAPI()
        @app.post("/a")
        async def h(request: Request):
            data = await request.json()
            os.system(data["a"])
    """,
    "starlette": """
        from starlette.requests import Request
        import os
        async def h(request):
            os.system(request.query_params["a"])
    """,
    "aiohttp": """
        from aiohttp import web
        import os
        async def h(request):
            data = await request.post()
            os.system(data["a"])
            return web.Response(text="ok")
    """,
    "tornado": """
        import tornado.web
        import os
        class H(tornado.web.RequestHandler):
            def get(self):
                os.system(self.get_argument("a"))
    """,
    "http.server": """
        from http.server import BaseHTTPRequestHandler
        import os
        class H(BaseHTTPRequestHandler):
            def do_GET(self):
                os.system(self.path)
    """,
    "bottle": """
        from bottle import request, route
        import os
        @route("/a")
        def h():
            os.system(request.query.a)
    """,
    "quart": """
        from quart import Quart, request
        import os
        app = Quart(__name__)
        @app.get("/a")
        async def h():
            os.system(request.args["a"])
            return {}
    """,
    "django form": """
        from django import forms
        from django.http import HttpResponse
        import os
        class Ping(forms.Form):
            host = forms.CharField()
        def h(request):
            form = Ping(request.POST)
            if form.is_valid():
                os.system(form.cleaned_data["host"])
    """,
    "django form view": """
        from django.views.generic import FormView
        import os
        class H(FormView):
            def form_valid(self, form):
                os.system(form.cleaned_data["host"])
    """,
    "django path argument": """
        from django.views import View
        import os
        class H(View):
            def get(self, request, *args, **kwargs):
                os.system(self.kwargs["name"])
    """,
    "flask form class": """
        from flask import Flask
        from flask_wtf import FlaskForm
        from wtforms import StringField
        import os
        app = Flask(__name__)
        class Ping(FlaskForm):
            host = StringField("Host")
        @app.post("/h")
        def h():
            form = Ping()
            os.system(form.host.data)
            return {}
    """,
    "flask file name": """
        from flask import Flask, request
        import os
        app = Flask(__name__)
        @app.post("/h")
        def h():
            os.system("file " + request.files["f"].filename)
            return {}
    """,
    "wrapped request": """
        from flask import Flask, request
        from elsewhere import read_params
        import os
        app = Flask(__name__)
        @app.get("/a")
        def h():
            os.system(read_params(request)["a"])
            return {}
    """,
}

HARMLESS = {
    "flask number in a route": """
        from flask import Flask
        import os
        app = Flask(__name__)
        @app.route("/<int:n>")
        def h(n):
            os.system(f"echo {n}")
            return {}
    """,
    "flask number in a query": """
        from flask import Flask, request
        import os
        app = Flask(__name__)
        @app.get("/h")
        def h():
            os.system(f"head -{request.args.get('n', 10, type=int)}")
            return {}
    """,
    "fastapi number": """
        from fastapi import FastAPI
        import os
        app = FastAPI()
        @app.get("/{n}")
        def h(n: int):
            os.system(f"echo {n}")
    """,
    "fastapi number in a body": """
        from fastapi import FastAPI
        from pydantic import BaseModel
        import os
        app = FastAPI()
        class Item(BaseModel):
            name: str
            size: int
        @app.post("/a")
        def h(item: Item):
            os.system(f"echo {item.size}")
    """,
    "fastapi dependency": """
        from fastapi import Depends, FastAPI
        import os
        app = FastAPI()
        def command():
            return "ls"
        @app.get("/a")
        def h(c = Depends(command)):
            os.system(c)
    """,
    "flask path of a fixed route": """
        from flask import Flask, request
        import os
        app = Flask(__name__)
        @app.route("/fixed")
        def h():
            os.system("echo " + request.path)
            return {}
    """,
    "a client's request": """
        import httpx, os
        def h(request: httpx.Request):
            os.system(request.url)
    """,
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_what_a_request_decides_is_untrusted(name):
    assert rules(UNTRUSTED[name]) == {"command-injection"}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_no_request_decides_is_not(name):
    assert rules(HARMLESS[name]) == set()


@pytest.mark.parametrize("read", ["input()", "sys.argv[1]", "argparse.ArgumentParser().parse_args().host"])
def test_what_the_user_of_a_program_decides_is_worth_a_note_only(read):
    code = f"import argparse, os, sys\ndef main():\n    os.system('ping ' + {read})\n"
    (finding,) = analyse({"tool.py": code.encode()}).findings
    assert (finding.rule_id, finding.confidence) == ("command-injection", "low")


FLASK = """
from flask import Flask, Response, jsonify, make_response, redirect, render_template, render_template_string, request, session, url_for
import flask, html, json, pathlib, os, requests, urllib.parse
app = Flask(__name__)
ROOT = pathlib.Path("/srv/files")
@app.get("/h")
def h():
    x = request.args["x"]
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return '<p>' + x", {"cross-site-scripting"}),
        ("return f'<p>{x}', 400", {"cross-site-scripting"}),
        ("return Response('<p>' + x)", {"cross-site-scripting"}),
        ("return make_response('<p>%s' % x, 200)", {"cross-site-scripting"}),
        ("return Response(x, mimetype='text/html')", {"cross-site-scripting"}),
        ("page = '<p>'\nfor c in [x]:\n    page += c\nreturn page", {"cross-site-scripting"}),
        ("return x, 200, {'Content-Type': 'text/html'}", {"cross-site-scripting"}),
        ("return x, 200, {'Content-Type': 'text/plain'}", set()),
        ("return Response(x, mimetype='application/json')", set()),
        ("return Response(x, content_type='text/plain; charset=utf-8')", set()),
        ("r = make_response(x)\nr.headers['Content-Type'] = 'text/plain'\nreturn r", set()),
        ("return jsonify(x)", set()),
        ("return {'x': x}", set()),
        ("return [x]", set()),
        ("return html.escape(x)", set()),
        ("return str(len(x))", set()),
        ("return render_template('a.html', x=x)", set()),
        ("return render_template_string('{{ x }}', x=x)", set()),
        ("return redirect(url_for('h', x=x))", set()),
        ("return redirect(x)", {"open-redirect"}),
        ("return redirect('//' + x)", {"open-redirect"}),
        ("return redirect('https://example.com' + x)", {"open-redirect"}),
        ("return redirect('https://example.com/' + x)", set()),
        ("return redirect('/h?next=' + x)", set()),
        ("if not x.startswith('/') or x.startswith('//'):\n    x = '/'\nreturn redirect(x)", set()),
        (
            "u = urllib.parse.urlparse(x)\nif u.netloc not in ['a.com'] or u.scheme != 'https':\n    return {}\nreturn redirect(x)",
            set(),
        ),
        ("if urllib.parse.urlsplit(x).hostname == 'a.com':\n    return redirect(x)\nreturn {}", set()),
        ("requests.get(x)\nreturn {}", {"request-forgery"}),
        ("requests.post('http://' + x + '/api')\nreturn {}", {"request-forgery"}),
        ("requests.get('http://a.com/api', params={'x': x})\nreturn {}", set()),
        ("open(x)\nreturn {}", {"path-traversal"}),
        ("(ROOT / x).read_text()\nreturn {}", {"path-traversal"}),
        ("pathlib.Path('/srv', x).open()\nreturn {}", {"path-traversal"}),
        ("os.remove(f'/srv/{x}')\nreturn {}", {"path-traversal"}),
        ("flask.send_file(x)\nreturn {}", {"path-traversal"}),
        ("flask.send_from_directory('/srv', x)\nreturn {}", set()),
        ("if '..' in x or x.startswith('/'):\n    return {}\nopen('/srv/' + x)\nreturn {}", set()),
        ("p = os.path.realpath('/srv/' + x)\nif not p.startswith('/srv/'):\n    return {}\nopen(p)\nreturn {}", set()),
        ("p = (ROOT / x).resolve()\nif ROOT not in p.parents:\n    return {}\np.read_bytes()\nreturn {}", set()),
        (
            "p = (ROOT / x).resolve()\nif not str(p).startswith(str(ROOT)):\n    return {}\np.read_bytes()\nreturn {}",
            set(),
        ),
        (
            "p = os.path.abspath(os.path.join('/srv', x))\nif os.path.commonpath([p, '/srv']) != '/srv':\n    return {}\nopen(p)\nreturn {}",
            set(),
        ),
        ("open(os.path.basename(x))\nreturn {}", set()),
        ("flask.session['user'] = x\nreturn {}", {"trust-boundary"}),
        ("session[x] = 'a'\nreturn {}", {"trust-boundary"}),
        ("r = make_response('a')\nr.set_cookie('a', 'b', httponly=True)\nreturn r", {"insecure-cookie"}),
        ("return render_template_string(x)", {"template-injection"}),
    ],
)
def test_answers_of_a_flask_handler(body, expected):
    assert rules(FLASK + textwrap.indent(body, "    ")) == expected


def test_newer_grammar_than_the_running_interpreter_is_followed():
    code = """
        from flask import Flask, request
        import os
        app = Flask(__name__)
        type Command = str
        def first[T](things: list[T]) -> T:
            return things[0]
        @app.get("/h")
        def h():
            os.system(f"echo {first([request.args["x"]])} {"a" + "b"}")
            return {}
    """
    assert rules(code) == {"command-injection"}
