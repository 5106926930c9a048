# For those who expect it; ./run and ./test are the real thing.
.PHONY: run test
run:
	./run
test:
	./test
