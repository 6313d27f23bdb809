# A line of pay-later: paid in part, paid late, drawn on, paid off.
#
# Each line is a day, what was asked on it, and how much.  A line that begins with = says what
# must be seen at that moment.  `morning` is when a day has begun, its statement cut; `night` is
# when it has closed.

2026-03-05 open pay-later 10,000.00
2026-03-05 purchase 2,000.00
2026-03-20 purchase 1,000.00
= used 3,000.00 available 7,000.00 interest 0.00

2026-04-01 morning
= statement 2026-04-01 balance 3,000.00 due 3,000.00 minimum 300.00 due_on 2026-04-10

2026-04-08 repay 1,000.00
= used 2,000.00 available 8,000.00 unmet 0.00

2026-04-10 night                        # the rest bears interest from here
= loan statement 2026-04-01 carried 2,000.00 accrued_interest 0.00

2026-04-15 purchase 500.00
2026-04-20 repay 123.45
= used 2,376.55 available 7,623.45
= loan statement 2026-04-01 carried 1,876.55 accrued_interest 9.00

2026-04-24 draw 800.00 as cash
= held 800.00 available 6,823.45
2026-04-25 draw_succeeded of cash as borrowed
= used 3,176.55 held 0.00 available 6,823.45

2026-05-01 morning
= statement 2026-05-01 balance 3,198.03 due 3,198.03 minimum 339.14
= loan statement 2026-04-01 interest 19.32 accrued_interest 0.001025
= loan borrowed interest 2.16
= loan statement 2026-05-01 billed 500.00

2026-05-05 repay 300.00                 # less than the minimum
= used 2,898.03 unmet 39.14 interest 0.00
2026-05-10 night
= status overdue days_past_due 0
= loan statement 2026-04-01 principal 1,598.03 accrued_interest 8.548215
= loan borrowed accrued_interest 3.60

2026-05-19 night
= days_past_due 9
2026-05-20 repay 39.14
= status active used 2,858.89 available 7,141.11
= loan statement 2026-04-01 principal 1,558.89
2026-05-25 purchase 250.00

2026-06-01 morning
= statement 2026-06-01 balance 3,154.67 due 3,154.67 minimum 356.67
= interest 28.82 penalty 16.96
2026-06-10 repay 3,154.67
= used 0.00 owed 0.00 available 10,000.00

2026-07-01 morning                      # what accrued from 1 to 10 June
= statement 2026-07-01 balance 12.51 minimum 12.51
2026-07-03 repay 20.00
= overpaid 7.49 loans 0
2026-07-05 purchase 10.00               # what was overpaid pays for a part of it
= used 2.51 overpaid 0.00 available 9,997.49
= account principal/M0 2.51
