"""The figures that the library's ratios are made of, by the names under which people and tables know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["QUANTITIES", "Quantity"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure. `phrases` are its names, the first the plainest.

    `derived` are formulas over other figures that give it where no table has it. A `parameter` is given by whoever
    asks, where no table has it; `series`: it is all rows of a column.
    """

    name: str
    phrases: tuple[str, ...]
    unit: str = "money"
    derived: tuple[str, ...] = ()
    parameter: bool = False
    series: bool = False


def _q(
    name: str, phrases: str = "", unit: str = "money", *derived: str, parameter: bool = False, series: bool = False
) -> Quantity:
    plain = name.replace("_", " ")
    others = tuple(one.strip() for one in phrases.split(";") if one.strip())
    return Quantity(name, (plain, *others), unit, derived, parameter, series)


_ALL = (
    # property and lending
    _q("net_operating_income", "noi; net op income; operating net income", "money",
       "gross_income - operating_expenses", "gross_rental_income - operating_expenses"),
    _q("debt_service",
       "annual debt service; total debt service; ads; yearly debt service; debt payments; annual loan payments; "
       "debt service amount", "money", "12 * monthly_payment_due",
       "12 * payment(interest_rate / 12, 12 * term_years, loan_amount)",
       "12 * payment(interest_rate / 12, term_months, loan_amount)"),
    _q("monthly_payment_due", "monthly debt service; monthly loan payment"),
    _q("loan_amount",
       "loan balance; loan; principal; mortgage balance; mortgage amount; outstanding loan; outstanding balance; "
       "loan principal; debt amount; amount borrowed; mortgage; principal amount; loan size"),
    _q("property_value",
       "market value; appraised value; value; current value; estimated value; property price; purchase price; sale "
       "price; price; appraisal"),
    _q("gross_income", "gross operating income; effective gross income; egi; total income; gross revenue"),
    _q("gross_rental_income",
       "gross rent; rental income; annual rent; gross rents; gross annual rent; rent income; potential rent"),
    _q("operating_expenses", "opex; operating costs; expenses; operating expense; annual expenses"),
    _q("annual_cash_flow",
       "cash flow after debt service; before tax cash flow; pre tax cash flow; annual pre tax cash flow; cash flow",
       "money", "net_operating_income - debt_service"),
    _q("cash_invested", "total cash invested; equity invested; cash investment; down payment; initial equity"),
    _q("occupied_units", "units occupied; rented units; let units; occupied", "count"),
    _q("total_units", "units; number of units; all units; unit count; available units", "count"),
    _q("occupied_area", "leased area; let area", "area"),
    _q("total_area", "lettable area; floor area; rentable area; area; square feet; square meters", "area"),
    _q("monthly_debt",
       "monthly debt payments; total monthly debt; monthly debts; debt payments per month; monthly obligations; debt"),
    _q("monthly_income", "gross monthly income; income per month; monthly gross income; income", "money",
       "annual_income / 12"),
    _q("annual_income", "yearly income; income per year; gross annual income"),
    _q("housing_cost", "monthly housing cost; housing costs; monthly rent; rent; housing payment; housing expense"),
    _q("credit_balance", "card balance; balances; total balances; used credit; balance"),
    _q("credit_limit", "credit limits; limit; total credit limit; total limits"),
    _q("interest_rate",
       "annual interest rate; annual rate; rate; nominal rate; yearly rate; interest; apr; yearly interest rate; "
       "rate per year; mortgage rate", "fraction", parameter=True),
    _q("term_months",
       "term in months; months; number of months; loan term in months; duration in months; tenor in months; number "
       "of payments", "months", "12 * term_years", parameter=True),
    _q("term_years",
       "term; years; term in years; loan term; number of years; duration in years; loan term in years; loan years; "
       "period in years; mortgage term", "years", "term_months / 12", parameter=True),
    _q("months_paid", "payments made; paid months; months so far; number of payments made; months elapsed", "months",
       parameter=True),
    # balance sheet
    _q("current_assets", "total current assets; short term assets"),
    _q("current_liabilities", "total current liabilities; short term liabilities; short term debt"),
    _q("inventory", "inventories; stock value; stock"),
    _q("cash", "cash and equivalents; cash and cash equivalents; liquid funds; cash balance"),
    _q("total_assets", "assets; all assets"),
    _q("total_liabilities", "liabilities; total debt; debt; all liabilities; debts", "money",
       "total_assets - shareholders_equity"),
    _q("shareholders_equity",
       "equity; shareholder equity; stockholders equity; total equity; owners equity; net worth; book value", "money",
       "total_assets - total_liabilities"),
    _q("accounts_receivable", "receivables; trade receivables; debtors"),
    _q("accounts_payable", "payables; trade payables; creditors"),
    _q("fixed_assets", "net fixed assets; property plant and equipment; ppe"),
    _q("retained_earnings", "accumulated earnings"),
    _q("market_capitalisation", "market cap; market capitalization; market value of equity", "money",
       "share_price * shares_outstanding"),
    # income
    _q("revenue", "sales; net sales; turnover; total revenue; net revenue; total sales; sales revenue; income"),
    _q("cost_of_goods_sold", "cogs; cost of sales; costs of goods sold; cost of revenue; direct costs; cost"),
    _q("gross_profit", "gross margin amount; gross earnings", "money", "revenue - cost_of_goods_sold"),
    _q("operating_income",
       "ebit; operating profit; operating earnings; earnings before interest and taxes; operating result"),
    _q("ebitda", "earnings before interest taxes depreciation and amortization", "money",
       "operating_income + depreciation"),
    _q("depreciation", "depreciation and amortization; depreciation and amortisation"),
    _q("net_income", "net profit; profit; net earnings; earnings; profit after tax; bottom line; net result"),
    _q("interest_expense", "interest; interest costs; interest paid; interest expenses; interest charges"),
    _q("operating_cash_flow", "cash flow from operations; cash from operations; cfo"),
    _q("capital_expenditure", "capex; capital expenditures; capital spending"),
    _q("credit_purchases", "purchases"),
    # shares
    _q("share_price", "price per share; stock price; price; market price"),
    _q("shares_outstanding", "number of shares; shares; outstanding shares", "count"),
    _q("earnings_per_share", "eps", "money", "net_income / shares_outstanding"),
    _q("dividends", "dividends paid; total dividends; dividend"),
    _q("dividend_per_share", "annual dividend; dps; dividend", "money", "dividends / shares_outstanding"),
    _q("book_value_per_share", "bvps", "money", "shareholders_equity / shares_outstanding"),
    # projects and trade
    _q("gain",
       "return; gains; amount gained; proceeds; final value; gain from investment; amount returned; total return"),
    _q("cost",
       "cost of investment; investment cost; cost of the investment; amount invested; investment; costs; initial "
       "investment"),
    _q("fixed_costs", "fixed cost; overhead; total fixed costs; overheads"),
    _q("price_per_unit",
       "unit price; selling price; sales price; price; selling price per unit; sale price per unit"),
    _q("variable_cost_per_unit", "unit cost; variable cost; cost per unit; variable costs; unit variable cost"),
    _q("annual_inflow", "annual cash inflow; yearly cash flow; annual savings; yearly savings; cash inflow"),
    _q("customers_lost", "lost customers; churned customers; cancellations; customers who left", "count"),
    _q("customers_at_start", "starting customers; customers at the beginning; initial customers; customers", "count"),
    _q("marketing_cost", "marketing spend; marketing costs; acquisition spend; sales and marketing cost"),
    _q("customers_won", "new customers; acquired customers; customers acquired", "count"),
    _q("conversions", "converted; number of conversions; sales made; purchases; orders", "count"),
    _q("visitors", "visits; leads; sessions; number of visitors", "count"),
    _q("order_count", "number of orders; orders", "count"),
    _q("actual", "actual value; actual amount; actuals"),
    _q("budgeted", "budget; budgeted amount; planned; plan; target"),
    # growth and value over time
    _q("first_value",
       "beginning value; initial value; start value; starting value; opening value; old value; previous value; "
       "value before; initial amount; start", "money"),
    _q("last_value",
       "ending value; end value; final value; closing value; new value; current value; value after; final amount; "
       "end", "money"),
    _q("years", "number of years; periods; number of periods; duration; time in years; term", "years",
       parameter=True),
    _q("periods", "number of periods; years; number of years; months", "periods", parameter=True),
    _q("discount_rate", "rate; interest rate; required rate; hurdle rate; cost of capital; required return; wacc",
       "fraction", parameter=True),
    _q("growth_rate", "growth; rate of growth; expected growth", "fraction", parameter=True),
    _q("amount",
       "principal; present value; initial amount; starting amount; deposit; investment; amount invested; initial "
       "deposit"),
    _q("annuity_payment", "payment; payment per period; regular payment; annual payment; yearly payment"),
    _q("risk_free_rate", "risk free return; safe rate; riskless rate", "fraction", parameter=True),
    _q("portfolio_return", "return; expected return; average return; mean return; annual return", "fraction"),
    _q("return_deviation", "standard deviation; volatility; standard deviation of returns; risk", "fraction"),
    _q("market_return", "expected market return; return of the market", "fraction", parameter=True),
    _q("beta", "market beta; equity beta", ""),
    # series
    _q("cash_flows", "flows; cash flow; amounts; amount; cashflow; cashflows; payments", "money", series=True),
    _q("prices", "price; price history; closing prices; close; closing price; values; value; nav; quotes", "money",
       series=True),
    # statistics of single values
    _q("value", "observation; score; measurement; x; raw score", ""),
    _q("average", "mean; mean value; average value; population mean", ""),
    _q("deviation", "standard deviation; sd; sigma; population standard deviation", ""),
    _q("sample_size", "n; number of observations; size", "count"),
)  # fmt: skip

QUANTITIES: Mapping[str, Quantity] = {one.name: one for one in _ALL}
"""By name."""
