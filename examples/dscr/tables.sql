-- Properties and what they earn and owe in a year.
CREATE TABLE properties (
    id integer PRIMARY KEY,
    name text NOT NULL,
    city text NOT NULL,
    market_value numeric NOT NULL
);

CREATE TABLE financial_metrics (
    id integer PRIMARY KEY,
    property_id integer NOT NULL REFERENCES properties (id),
    noi numeric,                  -- net operating income
    annual_debt_service numeric,
    loan_amount numeric,
    interest_rate numeric,        -- a fraction: 0.05 is 5 %
    term_years integer
);

INSERT INTO properties VALUES
    (1, 'Harbour House', 'Bergen', 2000000),
    (2, 'Mill Yard', 'Oslo', 1500000),
    (3, 'Linden Court', 'Oslo', 900000),
    (4, 'Dock Nine', 'Bergen', 1100000),
    (5, 'Park View', 'Oslo', 1800000),
    (6, 'Stone Arch', 'Trondheim', 750000);

-- 3 has no debt, of 4 the income is not known, 6 has no figures at all
INSERT INTO financial_metrics VALUES
    (1, 1, 150000, 100000, 1200000, 0.045, 25),
    (2, 2, 90000, 80000, 1200000, 0.060, 25),
    (3, 3, 60000, 0, 0, 0.040, 25),
    (4, 4, NULL, 30000, 400000, 0.055, 20),
    (5, 5, 126000, 100000, 1440000, 0.050, 30);
