"""The tags that put components on a page: nothing leaks in, nothing unescaped gets out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django import forms
from django.template import TemplateSyntaxError, engines
from django.utils import translation

from chains.domain.accent import make_accent
from web.theme import theme_css, theme_version

hostile = '"><script>alert(1)</script>'


def render(source, language="en", **context):
    with translation.override(language):
        return engines["django"].from_string("{% load ui formats %}" + source).render(context)


def test_a_partial_sees_its_own_parameters_only():
    html = render(
        '{% ui "field" name="email" label="Email" %}', hint="leaked", error="leaked", value="leaked"
    )

    assert "leaked" not in html
    assert 'aria-invalid="true"' not in html


@pytest.mark.parametrize(
    "source",
    [
        '{% ui "button" label=text hx_post=text data_key=text %}',
        '{% ui "field" name="n" label=text value=text hint=text error=text suffix=text %}',
        '{% ui "field" name="n" label=text type="textarea" value=text %}',
        '{% ui "badge" label=text detail=text %}',
        '{% ui "alert" title=text text=text code=text %}',
        '{% ui "avatar" name=text %}',
        '{% uiblock "card" title=text %}{{ text }}{% slot "foot" %}{{ text }}{% endslot %}{% enduiblock %}',
        '{% ui "toast" text=text %}',
    ],
)
def test_what_people_typed_stays_inert(source):
    html = render(source, text=hostile)

    assert "<script" not in html
    assert "&quot;" in html


def test_prefixed_parameters_become_attributes_and_false_ones_vanish():
    html = render(
        '{% ui "button" label="Go" hx_post="/x" data_flag=yes data_off=no aria_controls="panel" %}',
        yes=True,
        no=False,
    )

    opening = html[: html.index(">")]
    assert {part for part in opening.split(" ") if "-" in part and not part.startswith(("class", "btn"))} == {
        "data-flag",
        'hx-post="/x"',
        'aria-controls="panel"',
    }


def test_a_blocks_slots_and_body_land_where_the_partial_puts_them():
    html = render('{% uiblock "card" title="T" %}body{% slot "foot" %}foot{% endslot %}{% enduiblock %}')

    assert html.index("body</div>") < html.index('card-foot">foot</div>')


def test_slots_of_nested_blocks_do_not_mix():
    html = render(
        '{% uiblock "card" title="outer" %}{% uiblock "card" title="inner" %}{% slot "foot" %}in{% endslot %}{% enduiblock %}'
        '{% slot "foot" %}out{% endslot %}{% enduiblock %}'
    )

    assert html.index('card-foot">in</div>') < html.index('card-foot">out</div>')


def test_an_icon_that_is_not_vendored_fails_loudly():
    with pytest.raises(TemplateSyntaxError, match="no-such-icon"):
        render('{% icon "no-such-icon" %}')


def test_an_error_is_tied_to_its_field():
    html = render('{% ui "field" name="email" label="Email" hint="h" error="Write it with an @" %}')

    assert 'aria-invalid="true" aria-describedby="email-error email-hint"' in html
    assert 'id="email-error"' in html


def test_a_forms_field_brings_its_label_value_choices_and_first_error():
    class Form(forms.Form):
        size = forms.ChoiceField(label="Size", choices=[("s", "Small"), ("l", "Large")])
        note = forms.CharField(label="Note", required=False, widget=forms.Textarea)

    form = Form({"size": "x", "note": "hello"})
    form.is_valid()
    html = render("{% formfield form.size %}{% formfield form.note %}", form=form)

    assert '<option value="l">Large</option>' in html
    assert 'id="id_size-error"' in html
    assert ">hello</textarea>" in html
    assert html.count('class="field-optional"') == 1


def test_a_status_is_icon_word_and_tone():
    html = render('{% ui "badge" status="no_show" %}')

    assert "badge-bad" in html
    assert "<svg" in html
    assert "No-show" in html


def test_times_are_in_the_pages_zone_and_today_is_the_pages_now():
    moment = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    html = render("{% moment at %}", at=moment, zone="Asia/Shanghai", now=moment)

    assert html == '<time datetime="2026-11-22T00:30+08:00">Today, 00:30</time>'
    assert "今天 00:30" in render("{% moment at %}", "zh-hans", at=moment, zone="Asia/Shanghai", now=moment)


def test_a_chains_stylesheet_overrides_its_four_colours_in_the_theme_layer():
    jade, ember = make_accent("#2C7A66"), make_accent("#E8590C")

    assert theme_css(jade) == (
        "@layer theme {\n  :root {\n"
        "    --chain: light-dark(#2C7A66, #71BCA6);\n"
        "    --chain-on: light-dark(#FFFFFF, #15181D);\n"
        f"    --chain-text: light-dark({jade.light.text}, {jade.dark.text});\n"
        f"    --chain-wash: light-dark({jade.light.wash}, {jade.dark.wash});\n"
        "  }\n}\n"
    )
    assert theme_version(jade) != theme_version(ember)
