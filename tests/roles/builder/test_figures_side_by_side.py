"""Figures over two sets of rows, figures at two times, parts of the whole, running totals: each against plain SQL."""

from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, from_yaml, specify, to_yaml
from tests.roles.builder.answering import Databases, answer, is_right

SHOP = """
CREATE TABLE customers(customer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL);
CREATE TABLE products(product_id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL);
CREATE TABLE orders(order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(customer_id),
    product_id INTEGER NOT NULL REFERENCES products(product_id), order_date DATE NOT NULL, status TEXT NOT NULL,
    revenue NUMERIC NOT NULL, cost NUMERIC NOT NULL);
CREATE TABLE returns(return_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(customer_id),
    product_id INTEGER NOT NULL REFERENCES products(product_id), return_date DATE NOT NULL, refund NUMERIC NOT NULL);
INSERT INTO customers VALUES (1,'Ada','Oslo'),(2,'Bo','Bergen'),(3,'Cy','Rome');
INSERT INTO products VALUES (1,'Lamp','light'),(2,'Desk','wood'),(3,'Chair','wood');
INSERT INTO orders VALUES (1,1,1,'2024-01-10','paid',100,60),(2,1,2,'2024-02-11','paid',400,300),
    (3,2,1,'2024-12-01','open',60,40),(4,1,1,'2025-01-15','paid',140,70),(5,2,2,'2025-02-20','paid',600,420),
    (6,2,3,'2025-02-21','open',160,150),(7,1,1,'2025-03-02','paid',40,30),(8,2,3,'2024-03-15','paid',240,180);
INSERT INTO returns VALUES (1,1,1,'2024-01-20',20),(2,1,2,'2025-03-01',200),(3,2,3,'2025-03-03',80);
"""
AGENCY = """
CREATE TABLE employees(employee_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, department TEXT NOT NULL);
CREATE TABLE projects(project_id INTEGER PRIMARY KEY, title TEXT NOT NULL, budget NUMERIC NOT NULL);
CREATE TABLE timesheets(timesheet_id INTEGER PRIMARY KEY,
    employee_id INTEGER NOT NULL REFERENCES employees(employee_id), work_date DATE NOT NULL,
    billed_hours NUMERIC NOT NULL, delay_days INTEGER);
CREATE TABLE capacity(capacity_id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL REFERENCES employees(employee_id),
    month_start DATE NOT NULL, available_hours NUMERIC NOT NULL);
CREATE TABLE expenses(expense_id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(project_id),
    spent_on DATE NOT NULL, amount NUMERIC NOT NULL);
CREATE TABLE invoices(invoice_id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(project_id),
    issued_on DATE NOT NULL, amount NUMERIC NOT NULL);
INSERT INTO employees VALUES (1,'Ann Lee','Design'),(2,'Bob Roy','Code'),(3,'Cat Sun','Code');
INSERT INTO projects VALUES (1,'Web',5000),(2,'App',8000),(3,'Logo',900);
INSERT INTO timesheets VALUES (1,1,'2025-01-05',10,1),(2,1,'2025-02-06',30,NULL),(3,2,'2025-02-07',60,4),
    (4,2,'2025-01-09',20,0),(5,1,'2024-12-01',15,2);
INSERT INTO capacity VALUES (1,1,'2025-01-01',120),(2,1,'2025-02-01',80),(3,2,'2025-01-01',160),
    (4,2,'2025-02-01',140),(5,3,'2025-01-01',100);
INSERT INTO expenses VALUES (1,1,'2025-01-10',300),(2,1,'2025-02-10',200),(3,2,'2025-01-10',1000);
INSERT INTO invoices VALUES (1,1,'2025-01-31',2000),(2,1,'2025-02-28',1500),(3,2,'2025-02-28',900),
    (4,3,'2024-12-20',700);
"""
_NET = """SELECT name, coalesce((SELECT sum(revenue) FROM orders o WHERE o.customer_id = c.customer_id), 0)
    - coalesce((SELECT sum(refund) FROM returns r WHERE r.customer_id = c.customer_id), 0) AS net FROM customers c"""
_USE = """SELECT full_name, coalesce((SELECT sum(billed_hours) FROM timesheets t WHERE t.employee_id = e.employee_id),
    0) * 1.0 / (SELECT sum(available_hours) FROM capacity a WHERE a.employee_id = e.employee_id) AS use
    FROM employees e"""
_LEFT = """SELECT title, coalesce((SELECT sum(amount) FROM invoices i WHERE i.project_id = p.project_id), 0)
    - coalesce((SELECT sum(amount) FROM expenses x WHERE x.project_id = p.project_id), 0) AS rest FROM projects p"""
_NOW, _THEN = (f"sum(CASE WHEN order_date LIKE '{year}%' THEN revenue ELSE 0 END)" for year in (2025, 2024))
_TWO = f"""SELECT p.name, {_NOW}, {_THEN}, {_NOW} - {_THEN} AS apart FROM orders JOIN products p USING (product_id)
    GROUP BY 1"""
_SHARE = """SELECT category, sum(revenue) * 1.0 / (SELECT sum(revenue) FROM orders) FROM orders JOIN products USING
    (product_id) GROUP BY 1"""
_MONTHS = """SELECT substr(o.order_date, 1, 7) AS month, sum(o.revenue), sum(o.revenue) - (SELECT sum(x.revenue) FROM
    orders x WHERE substr(x.order_date, 1, 7) = strftime('%Y-%m', substr(o.order_date, 1, 7) || '-01', '-1 month'))
    FROM orders o WHERE o.order_date LIKE '2025%' GROUP BY 1"""
_YEARS = """SELECT name, year, (total - lag(total) OVER (PARTITION BY name ORDER BY year)) * 100.0
    / lag(total) OVER (PARTITION BY name ORDER BY year) FROM (SELECT p.name, CAST(substr(order_date, 1, 4) AS INTEGER)
    AS year, sum(revenue) AS total FROM orders JOIN products p USING (product_id) GROUP BY 1, 2)"""
_SO_FAR = """SELECT substr(order_date, 1, 7), sum(sum(revenue)) OVER (ORDER BY substr(order_date, 1, 7)) FROM orders
    GROUP BY 1"""
_MARGIN = """SELECT p.name, (sum(revenue) - sum(cost)) * 100.0 / sum(revenue) AS margin FROM orders JOIN products p
    USING (product_id) GROUP BY 1"""
READ: tuple[tuple[str, str, str, bool], ...] = (
    ("shop", "Revenue from orders minus refunds from returns per customer.", _NET, False),
    ("shop", "net sales by customer = order revenue - refunds", _NET, False),
    ("shop", "Net revenue of each customer, i.e. revenue minus refunds, highest first", f"{_NET} ORDER BY net DESC",
     True),
    ("shop", "Which customers have a net revenue (order revenue minus refunds) above 500?",
     f"{_NET} WHERE net > 500", False),
    ("shop", "revenue of paid orders minus refunds per customer",
     _NET.replace("c.customer_id), 0)\n", "c.customer_id AND status = 'paid'), 0)\n"), False),
    ("shop", "Number of orders and number of returns per customer",
     "SELECT name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id), (SELECT count(*) FROM returns r"
     " WHERE r.customer_id = c.customer_id) FROM customers c", False),
    ("shop", "Net revenue by month: order revenue minus refunds",
     "SELECT month, sum(value) FROM (SELECT substr(order_date, 1, 7) AS month, revenue AS value FROM orders UNION ALL"
     " SELECT substr(return_date, 1, 7), -refund FROM returns) GROUP BY 1", False),
    ("shop", "Total revenue minus total refunds",
     "SELECT (SELECT sum(revenue) FROM orders) - (SELECT sum(refund) FROM returns)", False),
    ("shop", "Refund rate per product: refunds divided by revenue, in percent",
     "SELECT name, coalesce((SELECT sum(refund) FROM returns r WHERE r.product_id = p.product_id), 0) * 100.0 /"
     " (SELECT sum(revenue) FROM orders o WHERE o.product_id = p.product_id) FROM products p", False),
    ("agency", "hours billed divided by hours available per employee", _USE, False),
    ("agency", "Utilisation of each employee = total billed hours divided by total available hours, lowest first",
     f"{_USE} ORDER BY use", True),
    ("agency", "Invoiced amount minus expenses per project", _LEFT, False),
    ("agency", "Project balance = invoices - expenses, per project, lowest first", f"{_LEFT} ORDER BY rest", True),
    ("agency", "Remaining budget per project: budget minus total expenses",
     "SELECT title, budget - coalesce((SELECT sum(amount) FROM expenses x WHERE x.project_id = p.project_id), 0)"
     " FROM projects p", False),
    ("agency", "billed hours per employee in January 2025 compared with December 2024",
     "SELECT full_name, sum(CASE WHEN work_date LIKE '2025-01%' THEN billed_hours ELSE 0 END), sum(CASE WHEN work_date"
     " LIKE '2024-12%' THEN billed_hours ELSE 0 END) FROM timesheets JOIN employees USING (employee_id) WHERE work_date"
     " BETWEEN '2024-12-01' AND '2025-01-31' GROUP BY 1", False),
    ("agency", "total billed hours", "SELECT sum(billed_hours) FROM timesheets", False),
    ("agency", "average delay", "SELECT avg(delay_days) FROM timesheets", False),
    ("agency", "How many hours were billed in total?", "SELECT sum(billed_hours) FROM timesheets", False),
    ("shop", "Sales revenue in 2025 against 2024 by product", _TWO, False),
    ("shop", "2025 vs 2024 revenue by product", _TWO, False),
    ("shop", "Compare revenue in 2025 with revenue in 2024 for each product", _TWO, False),
    ("shop", "How much did revenue rise from 2024 to 2025 for each product?", _TWO, False),
    ("shop", "Revenue per product in 2025, with the change from 2024", _TWO, False),
    ("shop", "Products whose revenue grew by more than 100 from 2024 to 2025", f"{_TWO} HAVING apart > 100", False),
    ("shop", "How much more revenue did we make in 2025 than in 2024?", f"SELECT {_NOW} - {_THEN} FROM orders", False),
    ("shop", "Revenue per month in 2025 compared with the month before", _MONTHS, False),
    ("shop", "Monthly revenue in 2025 with the change against the previous month", _MONTHS, False),
    ("shop", "Year over year growth of revenue by product", _YEARS, False),
    ("shop", "YoY growth in revenue for each product, in percent", _YEARS, False),
    ("shop", "share of orders by category",
     "SELECT category, count(*) * 1.0 / (SELECT count(*) FROM orders) FROM orders JOIN products USING (product_id)"
     " GROUP BY 1", False),
    ("shop", "Running total of revenue by month", _SO_FAR, False),
    ("shop", "What share of total revenue does each category have?", _SHARE, False),
    ("shop", "Revenue by category and its share of the total", _SHARE, False),
    ("shop", "Margin per product = (revenue - cost) / revenue in percent, worst first, only those below 30 %",
     f"SELECT * FROM ({_MARGIN}) WHERE margin < 30 ORDER BY margin", True),
    ("shop", "Profit per customer: revenue minus cost. Highest first, only the top 1.",
     "SELECT name, sum(revenue - cost) FROM orders JOIN customers USING (customer_id) GROUP BY 1 ORDER BY 2 DESC"
     " LIMIT 1",
     True),
)  # fmt: skip
ASKED = (
    ("shop", "Revenue growth"),
    ("shop", "Revenue per product compared with before"),
    ("agency", "invoiced amount minus billed hours per employee"),
    ("agency", "available hours in 2025 against the plan"),
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), {"shop": SHOP, "agency": AGENCY})
    anyio.run(found.read)
    return found


def specified(text: str, database: str, databases: Databases) -> Any:
    sources = databases.sources[database]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    assert from_yaml(to_yaml(made)) == made
    return made


@pytest.mark.parametrize(("database", "text", "sql", "ordered"), READ, ids=[one[1] for one in READ])
def test_wordings(database: str, text: str, sql: str, ordered: bool, databases: Databases) -> None:
    found = answer(specified(text, database, databases), databases.url(database), {})
    columns = [list(one) for one in zip(*databases.rows(database, sql), strict=True)]
    wanted = (
        {"columns": columns} if "row_count" in found else {f"wanted_{at}": one[0] for at, one in enumerate(columns)}
    )
    assert is_right({"expected": wanted}, found, ordered=ordered), (wanted, found)


def test_one_thing_by_its_key(databases: Databases) -> None:
    made = specified("Result of a project: invoices minus expenses. It must be at least 1000.", "agency", databases)
    found = answer(made, databases.url("agency"), {"project_id": 1})
    assert (found["result"], found["validation_status"]) == (3000, "PASS")
    assert answer(made, databases.url("agency"), {"project_id": 3})["validation_status"] == "FAIL"
    assert answer(made, databases.url("agency"), {"project_id": 9}) == {"error": "not_found"}


@pytest.mark.parametrize(("database", "text"), ASKED)
def test_what_is_not_said_is_asked(database: str, text: str, databases: Databases) -> None:
    needs = analyze(text, databases.sources[database])
    assert needs.questions or needs.beyond, needs.summary()
