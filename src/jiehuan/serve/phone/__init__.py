"""The pages of a borrower, in the wallet's app on a phone: apply, borrow, pay, repay."""
