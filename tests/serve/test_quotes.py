"""What the API says credit would cost."""


def test_a_quote_names_the_four_annual_rates(api):
    quote = api.do("/v1/quotes", product="pay-later", amount_minor=1_000_000, instalments=12)

    assert (1_088_000, 88_000) == (quote["total_minor"], quote["fee_minor"])
    assert {"cn", "us_actuarial", "eu", "uk"} == set(quote["rates"])
    assert {"ppm": 158_643, "effective_ppm": 170_702} == quote["rates"]["cn"]
    assert quote["yearly_ppm"] == quote["rates"]["cn"]["ppm"]


def test_what_costs_more_than_the_law_allows_is_refused_with_the_reason(api):
    status, code, facts = api.refused(
        "/v1/quotes", {"product": "pay-later", "amount_minor": 6, "instalments": 12}
    )

    assert (422, "above_cap") == (status, code)
    assert "licensed lenders may take 24 % at most from 2017-08-04" in facts["reason"]
    assert facts["yearly_ppm"] > 240_000
