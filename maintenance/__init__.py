"""Commands for those who keep the suite: not needed to run or test it."""
