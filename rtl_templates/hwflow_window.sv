// The pixels under a kernel that slides over images: a ring of rows in memory, written while it is read.
//
// `load`: the next pixel of an image, row by row; a row that no window sees is not `kept`. `load_able`: it has a place.
// `emit`: the next pixel of the next window, zeros beyond the edges (TOP rows and LEFT columns of them come first); it
// is y in the cycle after. `emit_able`: the `awaited` rows that this row of windows needs beyond the last one's are
// there. With its last pixel it frees `freed` rows, which hold `places` pixels.
// `load_end`, `emit_end`: a row (of windows) is over; from the next cycle on its constants are those of the next.
// II = 1, latency 1.
module hwflow_window #(
    parameter int WIDTH       = 8,
    parameter int ROWS        = 4,
    parameter int COLS        = 4,
    parameter int KERNEL_ROWS = 3,
    parameter int KERNEL_COLS = 3,
    parameter int STRIDE_ROWS = 1,
    parameter int STRIDE_COLS = 1,
    parameter int TOP         = 1,
    parameter int LEFT        = 1,
    parameter int OUT_ROWS    = 4,
    parameter int OUT_COLS    = 4,
    parameter int SLOTS       = 4,
    parameter int CREDIT      = $clog2(SLOTS + 1),
    parameter int ADDRESS     = $clog2(SLOTS * COLS)
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               load,
    input  logic               kept,
    input  logic [WIDTH-1:0]   pixel,
    output logic               load_able,
    output logic               load_end,
    input  logic               emit,
    input  logic [CREDIT-1:0]  awaited,
    input  logic [CREDIT-1:0]  freed,
    input  logic [ADDRESS-1:0] places,
    output logic               emit_able,
    output logic               emit_end,
    output logic [WIDTH-1:0]   y
);
    localparam logic [ADDRESS:0] PLACES = (ADDRESS + 1)'(SLOTS * COLS);
    localparam int LOAD   = COLS > 1 ? $clog2(COLS) : 1;
    localparam int TAP    = KERNEL_COLS > 1 ? $clog2(KERNEL_COLS) : 1;
    localparam int TAPS   = KERNEL_ROWS > 1 ? $clog2(KERNEL_ROWS) : 1;
    localparam int SPOT   = OUT_COLS > 1 ? $clog2(OUT_COLS) : 1;
    localparam int LINE   = OUT_ROWS > 1 ? $clog2(OUT_ROWS) : 1;
    // coordinates in the image: what lies before it wraps round to numbers beyond it
    localparam int RIGHT  = (OUT_COLS - 1) * STRIDE_COLS + KERNEL_COLS;
    localparam int BELOW  = (OUT_ROWS - 1) * STRIDE_ROWS + KERNEL_ROWS;
    localparam int X      = $clog2((COLS + LEFT > RIGHT ? COLS + LEFT : RIGHT) + 1);
    localparam int Y      = $clog2((ROWS + TOP > BELOW ? ROWS + TOP : BELOW) + 1);

    logic [WIDTH-1:0]   memory[SLOTS*COLS];
    logic [CREDIT-1:0]  full, free;  // rows
    logic [LOAD-1:0]    load_col;
    logic [ADDRESS-1:0] to, first, line;  // first: the image's first row under the windows; line: the row of the tap
    logic [TAP-1:0]     tap;
    logic [TAPS-1:0]    tap_row;
    logic [SPOT-1:0]    spot;
    logic [LINE-1:0]    row;
    logic [X-1:0]       x, left;
    logic [Y-1:0]       z, top;

    wire load_first = load_col == '0;
    wire load_last  = load_col == LOAD'(COLS - 1);
    wire tap_last   = tap == TAP'(KERNEL_COLS - 1);
    wire taps_last  = tap_row == TAPS'(KERNEL_ROWS - 1);
    wire spot_last  = spot == SPOT'(OUT_COLS - 1);
    wire row_last   = row == LINE'(OUT_ROWS - 1);
    wire row_first  = tap == '0 && tap_row == '0 && spot == '0;
    wire in_rows    = z < Y'(ROWS);

    wire [X-1:0]       next_left  = spot_last ? X'(-LEFT) : left + X'(STRIDE_COLS);
    wire [Y-1:0]       next_top   = !spot_last ? top : row_last ? Y'(-TOP) : top + Y'(STRIDE_ROWS);
    wire [ADDRESS:0]   passed     = {1'b0, first} + {1'b0, places};
    wire [ADDRESS-1:0] moved      = ADDRESS'(passed >= PLACES ? passed - PLACES : passed);
    wire [ADDRESS-1:0] next_first = spot_last ? moved : first;

    assign load_able = !kept || !load_first || free != '0;
    assign load_end  = load && load_last;
    assign emit_able = !row_first || full >= awaited;
    assign emit_end  = emit && tap_last && taps_last && spot_last;

    always_ff @(posedge clk) begin
        if (load && kept) memory[to] <= pixel;
        y <= in_rows && x < X'(COLS) ? memory[line+ADDRESS'(x)] : '0;
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            full     <= '0;
            free     <= CREDIT'(SLOTS);
            load_col <= '0;
            to       <= '0;
        end else begin
            full <= full + CREDIT'(load_end && kept) - (emit && row_first ? awaited : '0);
            free <= free + (emit_end ? freed : '0) - CREDIT'(load && kept && load_first);
            if (load) load_col <= load_last ? '0 : load_col + 1'b1;
            if (load && kept) to <= to == ADDRESS'(SLOTS * COLS - 1) ? '0 : to + 1'b1;
        end
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            tap     <= '0;
            tap_row <= '0;
            spot    <= '0;
            row     <= '0;
            x       <= X'(-LEFT);
            left    <= X'(-LEFT);
            z       <= Y'(-TOP);
            top     <= Y'(-TOP);
            line    <= '0;
            first   <= '0;
        end else if (emit) begin
            tap <= tap_last ? '0 : tap + 1'b1;
            x   <= x + 1'b1;
            if (tap_last) begin
                tap_row <= taps_last ? '0 : tap_row + 1'b1;
                x       <= taps_last ? next_left : left;
                z       <= taps_last ? next_top : z + 1'b1;
                if (taps_last) line <= next_first;
                else if (in_rows) line <= line == ADDRESS'((SLOTS - 1) * COLS) ? '0 : line + ADDRESS'(COLS);
            end
            if (tap_last && taps_last) begin
                spot  <= spot_last ? '0 : spot + 1'b1;
                left  <= next_left;
                top   <= next_top;
                first <= next_first;
                if (spot_last) row <= row_last ? '0 : row + 1'b1;
            end
        end
    end
endmodule
