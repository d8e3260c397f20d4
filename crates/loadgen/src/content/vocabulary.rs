//! What people bring along and what they buy.

pub(crate) const AGENTS: [&str; 8] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.7204.23 Safari/537.36",
    "python-requests/2.32.4",
];

pub(crate) const CURRENCIES: [&str; 12] =
    ["USD", "EUR", "CHF", "JPY", "GBP", "CAD", "SEK", "PLN", "INR", "BRL", "AUD", "TRY"];

/// Ids and names.
pub(crate) const PRODUCTS: [(&str, &str); 12] = [
    ("4TQ7M2HXKD", "Trail Monocular 8x42"),
    ("9RWB3ZC5LN", "Star Atlas, Northern Sky"),
    ("G6VY1PK8SA", "Tripod Head with Fine Adjustment"),
    ("HJ2D9FE4UX", "Moon Filter 1.25 Inch"),
    ("K8NC5TR7QW", "Red Torch for Night Vision"),
    ("L3XZ6BM1VG", "Reflector Telescope 150 mm"),
    ("P7EA4YH9DJ", "Lens Cleaning Set"),
    ("QW5S8UK2FT", "Solar Eclipse Glasses, Pack of 10"),
    ("R1GL7XV6CB", "Eyepiece 10 mm Wide Field"),
    ("T9MP3DN4ZE", "Phone Adapter for Eyepieces"),
    ("V2KH8JQ5RY", "Carrying Case for Small Mounts"),
    ("Z6FC1WA7LS", "Comet Hunter Binoculars 15x70"),
];
