"""The page checker finds each fault it is for."""

import pytest

from shared.testing.pages import check_page

SOUND = """<!DOCTYPE html><html lang="en"><head><title>Child</title></head><body><main><h1>Child</h1>
<h2>About</h2><p>Nothing is wrong.</p>
<form method="post"><input type="hidden" name="csrf_token" value="x"><label for="q">Name</label><input id="q" name="q">
<button>Save</button></form></main></body></html>"""


def test_a_sound_page_passes_and_gives_its_words() -> None:
    assert check_page(SOUND) == "Child Child About Nothing is wrong. Name Save"


@pytest.mark.parametrize(
    ("find", "put", "fault"),
    [
        ("<h1>Child</h1>", "", "0 <h1>"),
        ("<h2>About</h2>", "<h1>About</h1>", "2 <h1>"),
        ("<h2>About</h2>", "<h4>About</h4>", "h1 to h4"),
        ("<h2>About</h2>", "<h2> </h2>", "an empty <h2>"),
        ('<html lang="en">', "<html>", "no language"),
        ("<title>Child</title>", "", "0 <title>"),
        ('<label for="q">', '<label for="other">', "no label"),
        ("<h2>", '<h2 id="q">', "is there 2 times"),
        ("Nothing is wrong.", "None", "says None"),
        ("Nothing is wrong.", '<a href="#far">x</a>', "leads nowhere"),
        ("Nothing is wrong.", '<b style="x">x</b>', "inline style"),
        ("Nothing is wrong.", "<script>x</script>", "without a nonce"),
        ("Nothing is wrong.", '<b onclick="x">x</b>', "inline onclick"),
        ("Nothing is wrong.", "{{ child }}", "says {{"),
        ("Nothing is wrong.", '<b aria-describedby="far">x</b>', "not there"),
        ("Nothing is wrong.", '<a href="/x"></a>', "without words"),
        ("Nothing is wrong.", '<img src="/x.png">', "without alt"),
        ("Nothing is wrong.", '<img alt="" src="https://elsewhere.example/x.png">', "from elsewhere"),
        ("Nothing is wrong.", '<p class="govuk-error-message">x</p>', "no summary"),
        ("Nothing is wrong.", '<div class="govuk-error-summary">x</div>', "start with Error:"),
        ('name="csrf_token"', 'name="other"', "without a csrf_token"),
        ('name="q"', 'name="q" value="None"', "attribute says None"),
        ("</p>", "</div>", "closes"),
        ("</main>", "", "closes"),
        ("<main>", "<p>Back</p><main>", "no landmark holds 'Back'"),
        ('<input id="q" name="q">', '<input id="q" name="q" type="radio" data-aria-controls="x">', "reveals"),
    ],
)
def test_each_fault_is_found(find: str, put: str, fault: str) -> None:
    assert find in SOUND
    with pytest.raises(AssertionError, match=r"The page has faults") as caught:
        check_page(SOUND.replace(find, put, 1))
    assert fault in str(caught.value)
