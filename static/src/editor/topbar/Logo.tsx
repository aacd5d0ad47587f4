/** The product's sign, as in templates/components/logo.html. */
export function Logo() {
  return (
    <svg
      className="logo"
      viewBox="0 0 22 22"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d="M4.5 11h4M17 6.6h-2.6a4.4 4.4 0 0 0 0 8.8H17M8.5 11h1.6" />
    </svg>
  );
}
