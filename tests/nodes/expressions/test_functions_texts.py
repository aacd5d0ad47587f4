"""Functions of texts where they could surprise: parts, ways of writing names, addresses, encodings, finding."""

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, compile_expression


def run(text: str) -> Json:
    return compile_expression(text).evaluate(Scope())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # parts
        ("'hello'.substring(-1, 3)", "hel"),
        ("'hello'.substring(4, 1)", "ell"),
        ("'hello'.substring(9)", ""),
        ("'abc'.charAt(-1)", ""),
        ("'abc'.charAt(3)", ""),
        ("'abcabc'.lastIndexOf('bc')", 4),
        ("'abc'.lastIndexOf('x')", -1),
        ("''.lines()", []),
        ("'a\\r\\nb\\rc\\n'.lines()", ["a", "b", "c", ""]),
        # ways of writing
        ("'HTTPServer errorCount2'.snakeCase()", "http_server_error_count_2"),
        ("'ÜberGröße straße'.camelCase()", "überGrößeStraße"),
        ("''.camelCase()", ""),
        ("' - '.kebabCase()", ""),
        ("'ÉCOLE'.sentenceCase()", "École"),
        ("'x'.quote(\"'\")", "'x'"),
        ("'x'.quote('')", "x"),
        ("'a<b'.removeTags()", "a<b"),
        ("'<p class=\"x\">a</p><br/>b'.removeTags()", "ab"),
        ("'ﬁ Å'.withoutAccents()", "ﬁ A"),
        ('"it\'s".escapeHtml()', "it&#x27;s"),
        ("'한국'.withoutAccents()", "한국"),
        # addresses
        ("'a b/ü?&'.urlEncode().urlDecode()", "a b/ü?&"),
        ("'a+b'.urlDecode()", "a+b"),
        ("decodeURIComponent('%C3%A4')", "ä"),
        (
            "({q: 'ä b', n: null, l: [1, true, null], o: {a: 1}, e: []}).toQuery()",
            "q=%C3%A4%20b&l=1&l=true&o=%7B%22a%22%3A1%7D",
        ),
        ("({}).toQuery()", ""),
        ("'a=1&b&a=2&=3&&a=4'.parseQuery()", {"a": ["1", "2", "4"], "b": "", "": "3"}),
        ("''.parseQuery()", {}),
        (
            "'HTTPS://u:p@Example.com/x y#z'.parseUrl()",
            {"protocol": "https", "host": "example.com", "port": None, "path": "/x y", "query": {}, "hash": "z"},
        ),
        ("'http://[::1]:99'.parseUrl().host", "::1"),
        # encodings
        ("'😀'.base64Encode().base64Decode()", "😀"),
        ("'8J-YgA'.base64Decode()", "😀"),
        ("' QQ = = '.base64Decode()", "A"),
        ("''.base64Decode()", ""),
        ("''.hash()", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("'abc'.hash('SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        # finding
        ("'order 77'.search('x')", -1),
        ("'é 7'.search(/[0-9]/)", 2),
        ("'Write to <ada+x@mail.example.co.uk>.'.extractEmail()", "ada+x@mail.example.co.uk"),
        ("'nobody@nowhere'.extractEmail()", None),
        ("'(see HTTPS://example.com/a).'.extractUrl()", "HTTPS://example.com/a"),
        ("'ftp://example.com'.extractUrl()", None),
        ("'https://user@sub.example.co.uk/x@y.z'.extractDomain()", "sub.example.co.uk"),
        ("'localhost'.extractDomain()", None),
        ("'ada@example.com\\n'.isEmail()", False),
        ("'Ada <ada@example.com>'.isEmail()", False),
        ("'https://localhost:8000/x?y=1'.isUrl()", True),
        ("'https://a b'.isUrl()", False),
        ("'//example.com'.isUrl()", False),
        ("' 1e3 '.isNumeric()", True),
        ("'1,5'.isNumeric()", False),
    ],
)
def test_gives(text: str, expected: Json) -> None:
    assert run(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("'5 %'.urlDecode()", "character 3"),
        ("'%ff'.urlDecode()", "does not stand for a text"),
        ("'%00'.urlDecode()", "character that is none"),
        ("'a=%00'.parseQuery()", "character that is none"),
        ("'x'.base64Decode()", "not base 64"),
        ("'a*b='.base64Decode()", "not base 64"),
        ("'/w=='.base64Decode()", "does not stand for a text"),
        ("'AA=='.base64Decode()", "character that is none"),
        ("'abc'.hash('sha257')", "did you mean sha256"),
        ("'abc'.hash('')", "there are sha256"),
        ("'example.com'.parseUrl()", "not an address"),
        ("'http://a:99999'.parseUrl()", "not an address"),
        ("'http://[::1'.parseUrl()", "not an address"),
        ("'abc'.lastIndexOf(1)", "only text can be searched for"),
        ("'abc'.substring(1.5)", "whole number"),
        ("'a'.search(/(/)", "pattern does not work"),
    ],
)
def test_refuses(text: str, says: str) -> None:
    with pytest.raises(ExprError, match=says):
        run(text)
