// Operands widened to the result's width, as Verilator's -Wall wants them; of a shift, what is shifted.
(* techmap_celltype = "$add $sub $mul $and $or $xor $shr" *)
module _widen (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire [Y_WIDTH-1:0] a, b;
  localparam shift = _TECHMAP_CELLTYPE_ == "$shr";
  wire _TECHMAP_FAIL_ = A_WIDTH == Y_WIDTH && (shift || B_WIDTH == Y_WIDTH);

  \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) widen_a (.A(A), .Y(a));
  \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) widen_b (.A(B), .Y(b));

  generate
    if (_TECHMAP_CELLTYPE_ == "$add") assign Y = a + b;
    if (_TECHMAP_CELLTYPE_ == "$sub") assign Y = a - b;
    if (_TECHMAP_CELLTYPE_ == "$mul") assign Y = a * b;
    if (_TECHMAP_CELLTYPE_ == "$and") assign Y = a & b;
    if (_TECHMAP_CELLTYPE_ == "$or") assign Y = a | b;
    if (_TECHMAP_CELLTYPE_ == "$xor") assign Y = a ^ b;
    if (shift && A_WIDTH < Y_WIDTH) assign Y = a >> B;
    if (shift && A_WIDTH > Y_WIDTH) begin
      wire [A_WIDTH-1:0] whole = A >> B;
      assign Y = whole[Y_WIDTH-1:0];
    end
  endgenerate
endmodule

// Operands of a comparison widened to the wider of the two.
(* techmap_celltype = "$eq $ne $lt $le $gt $ge" *)
module _widen_comparison (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam width = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  wire _TECHMAP_FAIL_ = A_WIDTH == B_WIDTH || A_SIGNED != 0;
  wire [width-1:0] a, b;

  generate
    if (A_WIDTH == 0) assign a = 0;
    else \$pos #(.A_SIGNED(0), .A_WIDTH(A_WIDTH), .Y_WIDTH(width)) widen_a (.A(A), .Y(a));
    if (B_WIDTH == 0) assign b = 0;
    else \$pos #(.A_SIGNED(0), .A_WIDTH(B_WIDTH), .Y_WIDTH(width)) widen_b (.A(B), .Y(b));
  endgenerate

  generate
    if (_TECHMAP_CELLTYPE_ == "$eq") assign Y = a == b;
    if (_TECHMAP_CELLTYPE_ == "$ne") assign Y = a != b;
    if (_TECHMAP_CELLTYPE_ == "$lt") assign Y = a < b;
    if (_TECHMAP_CELLTYPE_ == "$le") assign Y = a <= b;
    if (_TECHMAP_CELLTYPE_ == "$gt") assign Y = a > b;
    if (_TECHMAP_CELLTYPE_ == "$ge") assign Y = a >= b;
  endgenerate
endmodule

// Whether a vector is 0, without a logical operator on more than a bit.
(* techmap_celltype = "$logic_not" *)
module _reduce_first (A, Y);
  parameter A_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter Y_WIDTH = 1;

  input [A_WIDTH-1:0] A;
  output [Y_WIDTH-1:0] Y;

  wire _TECHMAP_FAIL_ = A_WIDTH == 1;
  assign Y = ~|A;
endmodule
