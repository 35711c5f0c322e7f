// Drops SHIFT bits with rounding to the nearest (ties to even) or downwards, then saturates. LANES lanes, latency 0.
//
// A negative SHIFT moves the point the other way. NARROW keeps the most negative number out (symmetric range).
// QUICK rounds in one carry chain: adds half a step, less one where the number kept is even. More LUTs.
module hwflow_requantise #(
    parameter int LANES      = 1,
    parameter int IN_WIDTH   = 16,
    parameter bit IN_SIGNED  = 1,
    parameter int SHIFT      = 8,
    parameter bit HALF_EVEN  = 1,
    parameter int WIDTH      = 8,
    parameter bit SIGNED     = 1,
    parameter bit NARROW     = 0,
    parameter bit QUICK      = 0
) (
    input  logic [LANES*IN_WIDTH-1:0] x,
    output logic [LANES*WIDTH-1:0]    y
);
    localparam int LEFT    = SHIFT < 0 ? -SHIFT : 0;
    localparam int RIGHT   = SHIFT > 0 ? SHIFT : 0;
    localparam int NEEDED  = IN_WIDTH + 1 + LEFT;
    localparam int BITS    = NEEDED > RIGHT + 2 ? NEEDED : RIGHT + 2;  // of the number before it is rounded
    localparam int ROUNDED = BITS - RIGHT + (RIGHT > 0 ? 1 : 0);
    localparam int WIDE    = ROUNDED > WIDTH + 2 ? ROUNDED : WIDTH + 2;

    for (genvar i = 0; i < LANES; i++) begin : g_lane
        wire signed [IN_WIDTH:0] value = {IN_SIGNED && x[i*IN_WIDTH+IN_WIDTH-1], x[i*IN_WIDTH+:IN_WIDTH]};
        wire signed [BITS-1:0]   aligned = BITS'(value) <<< LEFT;
        wire signed [WIDE-1:0]   rounded;
        if (RIGHT == 0) begin : g_exact
            assign rounded = WIDE'(aligned);
        end else if (QUICK && HALF_EVEN && RIGHT > 1) begin : g_quick
            localparam logic [BITS-1:0] HALF = (BITS'(1) << (RIGHT - 1)) - 1'b1;
            /* verilator lint_off UNUSEDSIGNAL */  // the bits that are dropped
            wire signed [BITS+1:0] nearest = {aligned[BITS-1], aligned, 1'b1} + {1'b0, HALF, aligned[RIGHT]};
            /* verilator lint_on UNUSEDSIGNAL */
            assign rounded = WIDE'($signed(nearest[BITS+1:RIGHT+1]));
        end else begin : g_round
            wire signed [BITS-RIGHT-1:0] floor = aligned[BITS-1:RIGHT];
            wire up;
            if (!HALF_EVEN) begin : g_down
                assign up = 1'b0;
            end else if (RIGHT == 1) begin : g_half
                assign up = aligned[0] && aligned[1];
            end else begin : g_nearest
                assign up = aligned[RIGHT-1] && (aligned[RIGHT] || aligned[RIGHT-2:0] != '0);
            end
            assign rounded = WIDE'(floor) + $signed(WIDE'(up));
        end

        if (SIGNED && WIDTH == 1) begin : g_sign  // -1 or 0
            /* verilator lint_off UNUSEDSIGNAL */
            assign y[i] = !NARROW && rounded[WIDE-1];
            /* verilator lint_on UNUSEDSIGNAL */
        end else if (SIGNED) begin : g_signed
            wire fits = rounded[WIDE-1:WIDTH-1] == '0 || rounded[WIDE-1:WIDTH-1] == '1;
            wire [WIDTH-1:0] limit = {rounded[WIDE-1], {(WIDTH - 1) {!rounded[WIDE-1]}}};
            wire [WIDTH-1:0] limited = fits ? rounded[WIDTH-1:0] : limit;
            wire lowest = NARROW && limited == {1'b1, {(WIDTH - 1) {1'b0}}};
            assign y[i*WIDTH+:WIDTH] = {limited[WIDTH-1:1], limited[0] || lowest};
        end else begin : g_unsigned
            wire over = rounded[WIDE-2:WIDTH] != '0;
            assign y[i*WIDTH+:WIDTH] = rounded[WIDE-1] ? '0 : over ? '1 : rounded[WIDTH-1:0];
        end
    end
endmodule
