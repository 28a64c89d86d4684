// Errors in a Click file, some of them elsewhere by its own account.
FromDevice(eth0, 1, 1500, 7) -> Discard;
FromDevice(eth0, NONSENSE 3) -> Discard;
# 700 "elsewhere.click"
FromDevice() -> Strip(x) -> Discard;
#line 12
InfiniteSource -> nowhere;
# 1 ""
	InfiniteSource -> nowhere2;
#define X
network_of_ours -> Discard;
