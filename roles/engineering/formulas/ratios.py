"""A library of named financial and statistical ratios: formula, unit, source, and what is usually asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from roles.engineering.formulas.parser import parse
from roles.engineering.formulas.quantities import QUANTITIES, Quantity
from roles.engineering.formulas.tree import Expression

__all__ = ["RATIOS", "Ratio"]

_LENDING = "Common practice of lenders on income property"
_TEXTBOOK = "Textbook definition in corporate finance"
_CONSUMER = "Common practice in consumer lending"
_PROPERTY = "Common practice in real estate appraisal"
_MARKETING = "Common practice in marketing"
_TIME = "Time value of money, payments at the end of each period"
_STATISTICS = "Textbook definition in statistics"


@dataclass(frozen=True)
class Ratio:
    """A named figure. `phrases` are the words by which it is asked for, `usual` the rule it usually has to keep."""

    name: str
    title: str
    expression: str
    unit: str
    source: str
    phrases: tuple[str, ...]
    usual: str = ""

    @cached_property
    def parsed(self) -> Expression:
        """Its expression; names are those of quantities."""
        return parse(self.expression, scalars=[one.name for one in QUANTITIES.values() if not one.series])

    @cached_property
    def inputs(self) -> tuple[Quantity, ...]:
        """The figures that it is made of."""
        return tuple(QUANTITIES[name] for name in self.parsed.names)


def _r(
    name: str, expression: str, unit: str, source: str, phrases: str = "", *, title: str = "", usual: str = ""
) -> Ratio:
    plain = name.replace("_", " ")
    others = [one.strip() for one in phrases.split(";") if one.strip()]
    shown = title or plain.capitalize()
    return Ratio(name, shown, expression, unit, source, tuple(dict.fromkeys([plain, *others])), usual)


_ALL = (
    _r("dscr", "net_operating_income / debt_service", "x", _LENDING,
       "debt service coverage ratio; debt service coverage; debt coverage ratio; debt coverage; debt service cover",
       title="Debt service coverage ratio", usual="dscr >= 1.25"),
    _r("loan_to_value", "loan_amount / property_value", "fraction", _LENDING,
       "ltv; loan to value ratio; ltv ratio; loan value ratio", usual="loan_to_value <= 0.8"),
    _r("loan_to_cost", "loan_amount / cost", "fraction", _LENDING, "ltc; loan to cost ratio"),
    _r("debt_yield", "net_operating_income / loan_amount", "fraction", _LENDING),
    _r("cap_rate", "net_operating_income / property_value", "fraction", _PROPERTY,
       "capitalization rate; capitalisation rate; caprate"),
    _r("operating_expense_ratio", "operating_expenses / gross_income", "fraction", _PROPERTY,
       "oer; expense ratio; opex ratio"),
    _r("break_even_occupancy", "(operating_expenses + debt_service) / gross_income", "fraction", _LENDING,
       "break even ratio of property; break even occupancy ratio; default ratio"),
    _r("cash_on_cash_return", "annual_cash_flow / cash_invested", "fraction", _PROPERTY,
       "cash on cash; coc return; cash on cash yield"),
    _r("gross_rent_multiplier", "property_value / gross_rental_income", "x", _PROPERTY, "grm"),
    _r("gross_rental_yield", "gross_rental_income / property_value", "fraction", _PROPERTY,
       "gross yield; rental yield; rent yield"),
    _r("net_rental_yield", "(gross_rental_income - operating_expenses) / property_value", "fraction", _PROPERTY,
       "net yield"),
    _r("occupancy_rate", "occupied_units / total_units", "fraction", _PROPERTY, "occupancy"),
    _r("vacancy_rate", "1 - occupied_units / total_units", "fraction", _PROPERTY, "vacancy"),
    _r("price_per_area", "property_value / total_area", "money", _PROPERTY,
       "price per square foot; price per square meter; price per square metre"),
    _r("debt_to_income", "monthly_debt / monthly_income", "fraction", _CONSUMER,
       "dti; debt to income ratio; dti ratio; back end ratio", usual="debt_to_income <= 0.43"),
    _r("housing_ratio", "housing_cost / monthly_income", "fraction", _CONSUMER,
       "front end ratio; housing expense ratio; rent to income ratio; rent to income"),
    _r("credit_utilization", "credit_balance / credit_limit", "fraction", _CONSUMER,
       "credit utilisation; utilization rate; utilisation rate; credit utilization ratio; credit utilisation ratio"),
    _r("monthly_payment", "payment(interest_rate / 12, term_months, loan_amount)", "money", _TIME,
       "monthly loan payment; monthly mortgage payment; mortgage payment; loan payment; loan instalment; monthly "
       "instalment; monthly installment; loan installment; emi"),
    _r("total_interest", "term_months * payment(interest_rate / 12, term_months, loan_amount) - loan_amount", "money",
       _TIME, "total interest paid; interest over the term; total loan interest"),
    _r("remaining_balance", "balance(interest_rate / 12, term_months, loan_amount, months_paid)", "money", _TIME,
       "remaining loan balance; outstanding loan balance; remaining principal; balance left"),
    _r("mortgage_constant", "12 * payment(interest_rate / 12, term_months, loan_amount) / loan_amount", "fraction",
       _LENDING, "loan constant; debt constant"),
    _r("current_ratio", "current_assets / current_liabilities", "x", _TEXTBOOK, "working capital ratio"),
    _r("quick_ratio", "(current_assets - inventory) / current_liabilities", "x", _TEXTBOOK,
       "acid test; acid test ratio"),
    _r("cash_ratio", "cash / current_liabilities", "x", _TEXTBOOK),
    _r("working_capital", "current_assets - current_liabilities", "money", _TEXTBOOK, "net working capital"),
    _r("debt_to_equity", "total_liabilities / shareholders_equity", "x", _TEXTBOOK,
       "d/e; debt equity ratio; debt to equity ratio; gearing; gearing ratio; leverage ratio"),
    _r("debt_ratio", "total_liabilities / total_assets", "fraction", _TEXTBOOK,
       "debt to assets; debt to assets ratio; debt to asset ratio"),
    _r("equity_ratio", "shareholders_equity / total_assets", "fraction", _TEXTBOOK),
    _r("equity_multiplier", "total_assets / shareholders_equity", "x", _TEXTBOOK, "financial leverage"),
    _r("interest_coverage", "operating_income / interest_expense", "x", _TEXTBOOK,
       "interest coverage ratio; times interest earned; interest cover; interest cover ratio"),
    _r("gross_margin", "gross_profit / revenue", "fraction", _TEXTBOOK, "gross profit margin"),
    _r("operating_margin", "operating_income / revenue", "fraction", _TEXTBOOK,
       "operating profit margin; ebit margin"),
    _r("ebitda_margin", "ebitda / revenue", "fraction", _TEXTBOOK),
    _r("net_profit_margin", "net_income / revenue", "fraction", _TEXTBOOK,
       "net margin; profit margin; net income margin; return on sales"),
    _r("return_on_equity", "net_income / shareholders_equity", "fraction", _TEXTBOOK, "roe"),
    _r("return_on_assets", "net_income / total_assets", "fraction", _TEXTBOOK, "roa"),
    _r("return_on_capital_employed", "operating_income / (total_assets - current_liabilities)", "fraction", _TEXTBOOK,
       "roce"),
    _r("asset_turnover", "revenue / total_assets", "x", _TEXTBOOK, "total asset turnover"),
    _r("inventory_turnover", "cost_of_goods_sold / inventory", "x", _TEXTBOOK, "stock turnover; stock turn"),
    _r("days_inventory", "365 * inventory / cost_of_goods_sold", "days", _TEXTBOOK,
       "days inventory outstanding; dio; days sales of inventory"),
    _r("receivables_turnover", "revenue / accounts_receivable", "x", _TEXTBOOK, "accounts receivable turnover"),
    _r("days_sales_outstanding", "365 * accounts_receivable / revenue", "days", _TEXTBOOK, "dso; collection period"),
    _r("days_payable_outstanding", "365 * accounts_payable / cost_of_goods_sold", "days", _TEXTBOOK,
       "dpo; payment period"),
    _r("free_cash_flow", "operating_cash_flow - capital_expenditure", "money", _TEXTBOOK, "fcf"),
    _r("operating_cash_flow_ratio", "operating_cash_flow / current_liabilities", "x", _TEXTBOOK, "cash flow ratio"),
    _r("earnings_per_share", "net_income / shares_outstanding", "money", _TEXTBOOK, "eps"),
    _r("price_to_earnings", "share_price / earnings_per_share", "x", _TEXTBOOK,
       "p/e; pe ratio; price earnings ratio; price to earnings ratio; p/e ratio"),
    _r("price_to_book", "share_price / book_value_per_share", "x", _TEXTBOOK, "p/b; price to book ratio; p/b ratio"),
    _r("dividend_yield", "dividend_per_share / share_price", "fraction", _TEXTBOOK),
    _r("payout_ratio", "dividends / net_income", "fraction", _TEXTBOOK, "dividend payout ratio; dividend payout"),
    _r("altman_z_score",
       "1.2 * (current_assets - current_liabilities) / total_assets + 1.4 * retained_earnings / total_assets + 3.3 "
       "* operating_income / total_assets + 0.6 * market_capitalisation / total_liabilities + revenue / "
       "total_assets", "", "E. I. Altman, 1968", "altman z; bankruptcy score"),
    _r("roi", "(gain - cost) / cost", "fraction", _TEXTBOOK, "return on investment", title="Return on investment"),
    _r("payback_period", "cost / annual_inflow", "years", _TEXTBOOK, "payback; payback time; amortisation time"),
    _r("break_even_units", "fixed_costs / (price_per_unit - variable_cost_per_unit)", "units", _TEXTBOOK,
       "break even point; break even; break even quantity; break even volume; break even point in units"),
    _r("contribution_margin", "price_per_unit - variable_cost_per_unit", "money", _TEXTBOOK,
       "unit contribution; contribution per unit"),
    _r("contribution_margin_ratio", "(price_per_unit - variable_cost_per_unit) / price_per_unit", "fraction",
       _TEXTBOOK),
    _r("markup", "(price_per_unit - variable_cost_per_unit) / variable_cost_per_unit", "fraction", _TEXTBOOK,
       "mark up; markup percentage"),
    _r("budget_variance", "actual - budgeted", "money", _TEXTBOOK, "variance to budget; variance from budget"),
    _r("budget_variance_percentage", "(actual - budgeted) / budgeted", "fraction", _TEXTBOOK,
       "relative budget variance"),
    _r("churn_rate", "customers_lost / customers_at_start", "fraction", _MARKETING,
       "churn; customer churn; attrition rate"),
    _r("retention_rate", "1 - customers_lost / customers_at_start", "fraction", _MARKETING, "customer retention"),
    _r("customer_acquisition_cost", "marketing_cost / customers_won", "money", _MARKETING, "cac; acquisition cost"),
    _r("conversion_rate", "conversions / visitors", "fraction", _MARKETING),
    _r("average_order_value", "revenue / order_count", "money", _MARKETING, "aov"),
    _r("cagr", "cagr(first_value, last_value, years)", "fraction", _TIME,
       "compound annual growth rate; compound growth; compound growth rate; annual growth rate",
       title="Compound annual growth rate"),
    _r("percentage_change", "(last_value - first_value) / abs(first_value)", "fraction", _STATISTICS,
       "percent change; relative change; growth rate; percentage growth; rate of change"),
    _r("future_value", "future_value(discount_rate, years, amount)", "money", _TIME,
       "compound interest; value at the end; fv"),
    _r("discounted_value", "last_value / (1 + discount_rate) ** years", "money", _TIME,
       "discounted amount; present value of a future amount"),
    _r("annuity_value", "present_value(discount_rate, periods, annuity_payment)", "money", _TIME,
       "present value of an annuity; annuity present value; value of an annuity"),
    _r("perpetuity_value", "annuity_payment / discount_rate", "money", _TIME, "value of a perpetuity; perpetuity"),
    _r("gordon_growth_value", "dividend_per_share * (1 + growth_rate) / (discount_rate - growth_rate)", "money",
       "M. J. Gordon, 1959", "dividend discount value; gordon growth; gordon growth model"),
    _r("rule_of_72", "72 / (100 * growth_rate)", "years", "Approximation for rates of some percent",
       "doubling time; years to double"),
    _r("sharpe_ratio", "(portfolio_return - risk_free_rate) / return_deviation", "x", "W. F. Sharpe, 1966", "sharpe"),
    _r("capm_return", "risk_free_rate + beta * (market_return - risk_free_rate)", "fraction",
       "Capital asset pricing model", "capm; expected return by capm; required return by capm"),
    _r("npv", "npv(discount_rate, cash_flows)", "money", _TIME, "net present value", title="Net present value"),
    _r("irr", "irr(cash_flows)", "fraction", _TIME, "internal rate of return; internal return rate",
       title="Internal rate of return"),
    _r("volatility", "volatility(prices)", "fraction", _STATISTICS, "price volatility; volatility of prices"),
    _r("max_drawdown", "max_drawdown(prices)", "fraction", _STATISTICS,
       "maximum drawdown; largest drawdown; drawdown"),
    _r("total_growth", "growth(prices)", "fraction", _STATISTICS,
       "total return over the period; price growth; holding period return"),
    _r("z_score", "(value - average) / deviation", "", _STATISTICS, "zscore; standard score; z value"),
    _r("coefficient_of_variation", "deviation / average", "fraction", _STATISTICS, "relative standard deviation"),
    _r("standard_error", "deviation / sqrt(sample_size)", "", _STATISTICS, "standard error of the mean"),
)  # fmt: skip

RATIOS: Mapping[str, Ratio] = {one.name: one for one in _ALL}
"""By name."""
