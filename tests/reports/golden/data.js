const PYRITE = {"runs":["before","after"],"stages":["parses","schema","names","builds","feasible","bounded","sound","value","equivalent"],"codes":["","undeclared-name","unsound"],"families":["baking"],"samples":false,
"rows":[
["bakery","",0,2,1,0,1,6,2,0,1]
]};
