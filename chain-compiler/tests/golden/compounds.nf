// Compounds: parameters, overloads, nesting, scope, aliases, groups, lists, tunnels, variables.
network lan, wan;
define($PREFIX 1, $both $PREFIX ${UNSET-2});
elementclass Marker { $colour | input -> Paint($colour) -> output }
elementclass Foo {
   $a, $b | input -> Paint(1) -> output
|| $a, __REST__ $b | input -> Paint(2) -> output
|| $a, TWO $b, __REST__ $c | input -> Paint(3) -> output
}
vm compounds {
  FromDevice(lan) -> Foo(A) -> f :: Foo(A, TWO B);
  elementclass Foo { $a, $b | input -> Paint(4) -> output || ... }
  f -> Foo(A, B) -> Foo(A, B, C) -> Marker(${both[1]}) -> Marker(COLOR $PREFIX)
    -> { $n | define($m $n); elementclass Marker { $n | input -> inner :: Paint($m) -> Paint($n) -> output };
         -> mark :: Marker(8) -> outer :: { [0] -> Marker(9) -> [0] } -> } (7)
    -> sort :: Classifier(0/01, 0/02, -)
    => ( [0] -> Print("say \"$PREFIX\"") -> [0];
         [1] -> Print('$PREFIX') -> [0]; [2] -> [0] )
    -> ToDevice(wan);
  elementclass Pass Counter;
  FromDevice(wan) -> t :: Tee [0, 1, 2-3] => one, two :: Pass, (-> Pass ->)[0], Strip(1) -> joined :: Counter -> in;
  one :: Counter;
  connectiontunnel in -> out;
  out -> ToDevice(lan)
}
chain lan <-> compounds <-> wan;
