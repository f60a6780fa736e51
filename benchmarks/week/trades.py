"""What the people of the simulated week work with: a dozen trades, each with its table, and what they ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["TRADES", "Fact", "Trade", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure of one row: the words that people have for it, and what it is in SQL."""

    key: str
    words: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something over all rows of a trade: the words that people have for it, and a query that gives its numbers."""

    key: str
    words: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade: what its rows are called, one and many, their columns with what is drawn for them, and what is wanted.

    Where `table` is not named like the things, the things have a table of their own, to which its rows belong one to
    one. `groups` is the column by which the things are grouped, and its values; `totals` are summed by it.
    """

    name: str
    thing: str
    table: str
    columns: Mapping[str, tuple[float, float]]
    wanted: Sequence[Wanted]
    things: str
    groups: tuple[str, tuple[str, ...]]
    totals: tuple[str, ...] = ()

    @property
    def facts(self) -> list[Fact]:
        """How many of the things there are in each group, and the totals."""
        group, things = self.groups[0], self.things
        counted = (f"how many {things} are in each {group}", f"the number of {things} by {group}",
                   f"how many {things} there are per {group}")  # fmt: skip
        found = [Fact("count", counted, f"SELECT count(*) FROM {things} GROUP BY {group}")]
        rows = things if self.table == things else f"{self.table} JOIN {things} ON {things}.id = {self.thing}_id"
        for column in self.totals:
            said = f"the total {column.replace('_', ' ')} of {things}"
            sql = f"SELECT sum({column}) FROM {rows} GROUP BY {group}"
            found.append(Fact(f"total_{column}", (f"{said} by {group}", f"{said} per {group}"), sql))
        return found


def _w(key: str, words: str, sql: str) -> Wanted:
    return Wanted(key, tuple(words.split(" / ")), sql)


_MONTHLY = "(interest_rate / 12 * principal / (1 - power(1 + interest_rate / 12, -term_months)))"

TRADES: tuple[Trade, ...] = (
    Trade(
        "estate", "property", "property_accounts", {
            "net_operating_income": (60e3, 200e3), "annual_debt_service": (40e3, 120e3), "gross_income": (150e3, 300e3),
            "operating_expenses": (40e3, 90e3), "gross_rental_income": (100e3, 250e3), "loan_amount": (500e3, 1.2e6),
            "market_value": (1.3e6, 3e6), "cash_invested": (200e3, 700e3), "annual_cash_flow": (20e3, 90e3),
            "occupied_units": (20, 50), "total_units": (50, 80), "total_area": (900, 4000), "build_cost": (1e6, 2e6),
        },
        (
            _w("dscr", "DSCR / debt service coverage ratio / debt coverage ratio",
               "net_operating_income / annual_debt_service"),
            _w("ltv", "loan to value / LTV / loan-to-value ratio", "loan_amount / market_value"),
            _w("debt_yield", "debt yield", "net_operating_income / loan_amount"),
            _w("cap_rate", "cap rate / capitalization rate", "net_operating_income / market_value"),
            _w("oer", "operating expense ratio / expense ratio", "operating_expenses / gross_income"),
            _w("beo", "break even occupancy / break-even occupancy",
               "(operating_expenses + annual_debt_service) / gross_income"),
            _w("coc", "cash on cash return / cash-on-cash return", "annual_cash_flow / cash_invested"),
            _w("grm", "gross rent multiplier / GRM", "market_value / gross_rental_income"),
            _w("gry", "gross rental yield", "gross_rental_income / market_value"),
            _w("nry", "net rental yield", "(gross_rental_income - operating_expenses) / market_value"),
            _w("occupancy", "occupancy rate", "occupied_units / total_units"),
            _w("vacancy", "vacancy rate", "1 - occupied_units / total_units"),
            _w("ppa", "price per area", "market_value / total_area"),
        ), "properties", ("city", ("Bern", "Oslo", "Lyon", "Turin")), ("loan_amount", "market_value"),
    ),
    Trade(
        "lending", "borrower", "borrowers", {
            "monthly_debt": (400, 2500), "monthly_income": (3000, 9000), "housing_cost": (600, 2600),
            "credit_balance": (200, 6000), "credit_limit": (7000, 20000),
        },
        (
            _w("dti", "debt to income / debt-to-income ratio / DTI", "monthly_debt / monthly_income"),
            _w("housing", "housing ratio", "housing_cost / monthly_income"),
            _w("utilization", "credit utilization / credit utilisation", "credit_balance / credit_limit"),
        ), "borrowers", ("town", ("Aarau", "Basel", "Chur")), ("monthly_debt", "credit_balance"),
    ),
    Trade(
        "loans", "loan", "loans", {
            "principal": (20e3, 400e3), "interest_rate": (0.02, 0.09), "term_months": (60, 360), "months_paid": (5, 50),
        },
        (
            _w("payment", "monthly payment", _MONTHLY),
            _w("total_interest", "total interest", f"term_months * {_MONTHLY} - principal"),
            _w("balance", "remaining balance", f"principal * power(1 + interest_rate / 12, months_paid) - {_MONTHLY} * "
               "(power(1 + interest_rate / 12, months_paid) - 1) / (interest_rate / 12)"),
            _w("constant", "mortgage constant", f"12 * {_MONTHLY} / principal"),
        ), "loans", ("purpose", ("home", "car", "study")), ("principal",),
    ),
    Trade(
        "accounting", "company", "statements", {
            "current_assets": (1000, 4000), "inventory": (200, 900), "cash": (100, 700),
            "current_liabilities": (600, 1900), "total_assets": (6000, 9000), "total_liabilities": (2000, 5000),
            "shareholders_equity": (2000, 5000), "revenue": (4000, 9000), "cost_of_goods_sold": (1500, 3500),
            "operating_income": (500, 1500), "net_income": (200, 900), "interest_expense": (40, 200),
            "ebitda": (800, 2000), "accounts_receivable": (300, 900), "accounts_payable": (200, 700),
            "operating_cash_flow": (700, 1900), "capital_expenditure": (100, 600), "retained_earnings": (400, 1400),
            "market_capitalisation": (3000, 9000), "dividends": (20, 190),
        },
        (
            _w("current", "current ratio", "current_assets / current_liabilities"),
            _w("quick", "quick ratio / acid test ratio", "(current_assets - inventory) / current_liabilities"),
            _w("cash_ratio", "cash ratio", "cash / current_liabilities"),
            _w("working", "working capital", "current_assets - current_liabilities"),
            _w("dte", "debt to equity / debt-to-equity ratio", "total_liabilities / shareholders_equity"),
            _w("debt_ratio", "debt ratio", "total_liabilities / total_assets"),
            _w("equity_ratio", "equity ratio", "shareholders_equity / total_assets"),
            _w("multiplier", "equity multiplier", "total_assets / shareholders_equity"),
            _w("coverage", "interest coverage / interest coverage ratio", "operating_income / interest_expense"),
            _w("gross", "gross margin", "(revenue - cost_of_goods_sold) / revenue"),
            _w("operating", "operating margin", "operating_income / revenue"),
            _w("ebitda_margin", "EBITDA margin", "ebitda / revenue"),
            _w("net_margin", "net profit margin / net margin", "net_income / revenue"),
            _w("roe", "return on equity / ROE", "net_income / shareholders_equity"),
            _w("roa", "return on assets / ROA", "net_income / total_assets"),
            _w("roce", "return on capital employed / ROCE", "operating_income / (total_assets - current_liabilities)"),
            _w("turnover", "asset turnover", "revenue / total_assets"),
            _w("inventory_turnover", "inventory turnover", "cost_of_goods_sold / inventory"),
            _w("days_inventory", "days inventory / days inventory outstanding", "365 * inventory / cost_of_goods_sold"),
            _w("receivables", "receivables turnover", "revenue / accounts_receivable"),
            _w("dso", "days sales outstanding / DSO", "365 * accounts_receivable / revenue"),
            _w("dpo", "days payable outstanding / DPO", "365 * accounts_payable / cost_of_goods_sold"),
            _w("fcf", "free cash flow", "operating_cash_flow - capital_expenditure"),
            _w("ocf_ratio", "operating cash flow ratio", "operating_cash_flow / current_liabilities"),
            _w("payout", "payout ratio", "dividends / net_income"),
            _w("altman", "Altman z score / Altman Z-score",
               "1.2 * (current_assets - current_liabilities) / total_assets + 1.4 * retained_earnings / total_assets + "
               "3.3 * operating_income / total_assets + 0.6 * market_capitalisation / total_liabilities + "
               "revenue / total_assets"),
        ), "companies", ("sector", ("trade", "industry", "software", "health")),
        ("dividends", "net_income"),
    ),
    Trade(
        "exchange", "stock", "stocks", {
            "share_price": (20, 300), "earnings_per_share": (1, 12), "book_value_per_share": (5, 90),
            "dividend_per_share": (0.5, 6),
        },
        (
            _w("pe", "price to earnings / P/E ratio / price-to-earnings ratio", "share_price / earnings_per_share"),
            _w("pb", "price to book / price-to-book ratio", "share_price / book_value_per_share"),
            _w("dividend_yield", "dividend yield", "dividend_per_share / share_price"),
        ), "stocks", ("exchange", ("Zurich", "Paris", "Milan")), (),
    ),
    Trade(
        "factory", "product", "products", {
            "fixed_costs": (10e3, 90e3), "price_per_unit": (30, 90), "variable_cost_per_unit": (8, 25),
        },
        (
            _w("beu", "break even units / break-even units",
               "fixed_costs / (price_per_unit - variable_cost_per_unit)"),
            _w("contribution", "contribution margin", "price_per_unit - variable_cost_per_unit"),
            _w("contribution_ratio", "contribution margin ratio",
               "(price_per_unit - variable_cost_per_unit) / price_per_unit"),
            _w("markup", "markup", "(price_per_unit - variable_cost_per_unit) / variable_cost_per_unit"),
        ), "products", ("category", ("tools", "toys", "garden")), ("fixed_costs",),
    ),
    Trade(
        "projects", "project", "projects", {
            "investment_cost": (10e3, 90e3), "gain": (95e3, 300e3), "annual_inflow": (4e3, 30e3),
        },
        (
            _w("roi", "ROI / return on investment", "(gain - investment_cost) / investment_cost"),
            _w("payback", "payback period", "investment_cost / annual_inflow"),
        ), "projects", ("stage", ("idea", "pilot", "running")), ("investment_cost", "gain"),
    ),
    Trade(
        "budgets", "department", "departments", {"actual_amount": (40e3, 90e3), "budgeted_amount": (30e3, 99e3)},
        (
            _w("variance", "budget variance", "actual_amount - budgeted_amount"),
            _w("variance_share", "budget variance percentage",
               "(actual_amount - budgeted_amount) / budgeted_amount"),
        ), "departments", ("division", ("north", "south", "west")), ("budgeted_amount", "actual_amount"),
    ),
    Trade(
        "marketing", "campaign", "campaigns", {
            "customers_lost": (5, 60), "customers_at_start": (200, 900), "marketing_cost": (5e3, 50e3),
            "customers_won": (20, 190), "conversions": (30, 300), "visitors": (2e3, 9e3),
        },
        (
            _w("churn", "churn rate / customer churn rate", "customers_lost / customers_at_start"),
            _w("retention", "retention rate", "1 - customers_lost / customers_at_start"),
            _w("cac", "customer acquisition cost / CAC", "marketing_cost / customers_won"),
            _w("conversion", "conversion rate", "conversions / visitors"),
        ), "campaigns", ("channel", ("mail", "radio", "fairs")), ("marketing_cost", "visitors"),
    ),
    Trade(
        "funds", "fund", "funds", {
            "portfolio_return": (0.05, 0.14), "risk_free_rate": (0.01, 0.04), "return_deviation": (0.05, 0.2),
            "beta": (0.5, 1.6), "market_return": (0.06, 0.1),
        },
        (
            _w("sharpe", "Sharpe ratio", "(portfolio_return - risk_free_rate) / return_deviation"),
            _w("capm", "CAPM return", "risk_free_rate + beta * (market_return - risk_free_rate)"),
        ), "funds", ("strategy", ("growth", "income", "mixed")), (),
    ),
    Trade(
        "regions", "region", "regions", {"first_value": (100, 900), "last_value": (950, 2000), "years": (2, 9)},
        (
            _w("cagr", "CAGR / compound annual growth rate", "power(last_value / first_value, 1.0 / years) - 1"),
            _w("change", "percentage change", "(last_value - first_value) / abs(first_value)"),
        ), "regions", ("continent", ("Europe", "Asia", "Africa")), (),
    ),
    Trade(
        "laboratory", "sample", "samples", {
            "value": (40, 90), "population_mean": (50, 70), "deviation": (3, 12), "sample_size": (10, 90),
        },
        (
            _w("z", "z score / z-score", "(value - population_mean) / deviation"),
            _w("variation", "coefficient of variation", "deviation / population_mean"),
            _w("error", "standard error", "deviation / sqrt(sample_size)"),
        ), "samples", ("material", ("steel", "glass", "resin")), (),
    ),
    Trade(
        "reading", "library", "libraries", {"members": (200, 9000), "books_lent": (3000, 90000)}, (),
        "libraries", ("canton", ("Bern", "Uri", "Zug")), ("members", "books_lent"),
    ),
    Trade(
        "lodging", "hotel", "hotels", {"rooms": (20, 300), "nights_sold": (3000, 60000)}, (),
        "hotels", ("resort", ("Davos", "Arosa", "Laax")), ("rooms", "nights_sold"),
    ),
)  # fmt: skip
