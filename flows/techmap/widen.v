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
